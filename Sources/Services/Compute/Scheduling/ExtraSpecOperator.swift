/// The operators of extra specs (nova, `scheduler/filters/extra_specs_ops.py`).
package enum ExtraSpecOperator {
    /// Whether a value is as the extra spec wants it: equal, or what the operator before its words asks.
    package static func matches(_ value: String, _ wish: String) -> Bool {
        let words = wish.split { $0.isWhitespace }.map(String.init)
        guard let name = words.first else { return value == wish }
        let operands = words.dropFirst()
        if name == "<or>" { return alternatives(operands).contains(value) }
        guard let holds = known[name] else { return value == wish }
        guard let operand = operands.first else { return false }
        return name == "<all-in>" ? operands.allSatisfy { value.contains($0) } : holds(value, operand)
    }

    private static let known: [String: @Sendable (String, String) -> Bool] = [
        "=": { numbers($0, $1, >=) }, "==": { numbers($0, $1, ==) }, "!=": { numbers($0, $1, !=) },
        ">=": { numbers($0, $1, >=) }, "<=": { numbers($0, $1, <=) },
        "s==": { $0 == $1 }, "s!=": { $0 != $1 }, "s<": { $0 < $1 }, "s<=": { $0 <= $1 }, "s>": { $0 > $1 },
        "s>=": { $0 >= $1 }, "<in>": { $0.contains($1) }, "<all-in>": { $0.contains($1) },
    ]

    /// `a <or> b <or> c`: every second word.
    private static func alternatives(_ words: ArraySlice<String>) -> [String] {
        words.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }

    /// What is no number compares with nothing.
    private static func numbers(_ value: String, _ operand: String, _ holds: (Double, Double) -> Bool) -> Bool {
        guard let value = Double(value), let operand = Double(operand) else { return false }
        return holds(value, operand)
    }
}
