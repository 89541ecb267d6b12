import Model

/// The regular expression of `name=`, matched in time linear in pattern and text (a set of states, no backtracking).
///
/// Known: literals, `.`, `[...]`, `^`, `$`, `*`, `+`, `?`, `|`, `(...)`, `\d \w \s` and escaped signs: what users send.
/// Matching is without regard to case, anywhere in the text, as Nova's databases do it.
struct NamePattern: Sendable {
    private indirect enum Node: Sendable {
        case empty
        case one(Matcher)
        case start, end
        case sequence([Node])
        case either([Node])
        case repeated(Node, least: Int, isBounded: Bool)
    }

    private enum Matcher: Sendable {
        case any
        case scalar(Unicode.Scalar)
        case set([ClosedRange<UInt32>], isNegated: Bool)

        func accepts(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .any: true
            case .scalar(let wanted): wanted == scalar
            case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar.value) } != isNegated
            }
        }
    }

    private enum Instruction: Sendable {
        case match(Matcher)
        case split(Int, Int)
        case jump(Int)
        case start, end, accept
    }

    private static let longest = 255
    /// Every sign of a pattern adds two instructions at most.
    private static let longestProgram = 2 * longest + 1
    private let program: [Instruction]

    init(_ pattern: String) throws(CloudError) {
        let scalars = Array(pattern.lowercased().unicodeScalars)
        guard scalars.count <= Self.longest else {
            throw CloudError.badRequest("The name pattern is longer than \(Self.longest) characters.")
        }
        var parser = Parser(scalars: scalars)
        guard let node = parser.alternatives(depth: 0), parser.isAtEnd else {
            throw CloudError.badRequest(
                "Invalid input for query parameters name. '\(pattern)' is not a regular expression.")
        }
        var program: [Instruction] = []
        Self.compile(node, &program)
        program.append(.accept)
        guard program.count <= Self.longestProgram else {
            throw CloudError.badRequest("The name pattern has more than \(Self.longestProgram) parts; shorten it.")
        }
        self.program = program
    }

    /// How many instructions the pattern takes.
    var size: Int { program.count }

    func matches(_ text: String) -> Bool {
        let scalars = Array(text.lowercased().unicodeScalars)
        var states: Set<Int> = []
        for at in 0...scalars.count {
            add(0, to: &states, at: at, of: scalars.count)
            if states.contains(where: { if case .accept = program[$0] { true } else { false } }) { return true }
            guard at < scalars.count else { return false }
            var next: Set<Int> = []
            for state in states {
                if case .match(let matcher) = program[state], matcher.accepts(scalars[at]) {
                    add(state + 1, to: &next, at: at + 1, of: scalars.count)
                }
            }
            states = next
        }
        return false
    }

    private func add(_ first: Int, to states: inout Set<Int>, at: Int, of count: Int) {
        var open = [first]
        while let state = open.popLast() {
            guard states.insert(state).inserted else { continue }
            switch program[state] {
            case .jump(let to): open.append(to)
            case .split(let left, let right): open += [left, right]
            case .start: if at == 0 { open.append(state + 1) }
            case .end: if at == count { open.append(state + 1) }
            case .match, .accept: break
            }
        }
    }

    private static func compile(_ node: Node, _ program: inout [Instruction]) {
        switch node {
        case .empty: break
        case .one(let matcher): program.append(.match(matcher))
        case .start: program.append(.start)
        case .end: program.append(.end)
        case .sequence(let nodes): for node in nodes { compile(node, &program) }
        case .either(let nodes): compileEither(nodes[...], &program)
        case .repeated(let inner, least: 1, _):
            let start = program.count
            compile(inner, &program)
            program.append(.split(start, program.count + 1))
        case .repeated(let inner, _, let isBounded):
            let split = program.count
            program.append(.jump(0))
            compile(inner, &program)
            if !isBounded { program.append(.jump(split)) }
            program[split] = .split(split + 1, program.count)
        }
    }

    private static func compileEither(_ nodes: ArraySlice<Node>, _ program: inout [Instruction]) {
        guard let first = nodes.first else { return }
        guard nodes.count > 1 else { return compile(first, &program) }
        let split = program.count
        program.append(.jump(0))
        compile(first, &program)
        let jump = program.count
        program.append(.jump(0))
        program[split] = .split(split + 1, program.count)
        compileEither(nodes.dropFirst(), &program)
        program[jump] = .jump(program.count)
    }

    private struct Parser {
        private static let deepest = 16
        let scalars: [Unicode.Scalar]
        var at = 0

        init(scalars: [Unicode.Scalar]) {
            self.scalars = scalars
        }

        var isAtEnd: Bool { at == scalars.count }
        private var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

        mutating func alternatives(depth: Int) -> Node? {
            guard depth < Self.deepest, let first = sequence(depth) else { return nil }
            var nodes = [first]
            while next == "|" {
                at += 1
                guard let node = sequence(depth) else { return nil }
                nodes.append(node)
            }
            return nodes.count == 1 ? first : .either(nodes)
        }

        private mutating func sequence(_ depth: Int) -> Node? {
            var nodes: [Node] = []
            while let scalar = next, scalar != "|", scalar != ")" {
                guard var node = atom(depth) else { return nil }
                repeats: while let sign = next {
                    switch sign {
                    case "*": node = .repeated(node, least: 0, isBounded: false)
                    case "+": node = .repeated(node, least: 1, isBounded: false)
                    case "?": node = .repeated(node, least: 0, isBounded: true)
                    default: break repeats
                    }
                    at += 1
                    if next == "?" { at += 1 }
                    break
                }
                nodes.append(node)
            }
            return .sequence(nodes)
        }

        private mutating func atom(_ depth: Int) -> Node? {
            let scalar = scalars[at]
            at += 1
            switch scalar {
            case ".": return .one(.any)
            case "^": return .start
            case "$": return .end
            case "*", "+", "?": return nil
            case "[": return set()
            case "\\": return escaped()
            case "(":
                if next == "?" { return nil }
                guard let inner = alternatives(depth: depth + 1), next == ")" else { return nil }
                at += 1
                return inner
            default: return .one(.scalar(scalar))
            }
        }

        private mutating func escaped() -> Node? {
            guard let scalar = next else { return nil }
            at += 1
            switch scalar {
            case "d": return .one(.set([48...57], isNegated: false))
            case "w": return .one(.set([48...57, 95...95, 97...122], isNegated: false))
            case "s": return .one(.set([9...13, 32...32], isNegated: false))
            case "a"..."z", "0"..."9": return nil
            default: return .one(.scalar(scalar))
            }
        }

        private mutating func set() -> Node? {
            var ranges: [ClosedRange<UInt32>] = []
            let isNegated = next == "^"
            if isNegated { at += 1 }
            while let low = next, low != "]" || ranges.isEmpty {
                at += 1
                if next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" {
                    let high = scalars[at + 1]
                    guard low <= high else { return nil }
                    ranges.append(low.value...high.value)
                    at += 2
                } else {
                    ranges.append(low.value...low.value)
                }
            }
            guard next == "]" else { return nil }
            at += 1
            return .one(.set(ranges, isNegated: isNegated))
        }
    }
}
