package import Wire

/// What values an attribute has.
package indirect enum AttributeType: Sendable {
    /// Text of so many characters.
    case text(ClosedRange<Int>)
    case word([String])
    case uuid
    case integer(ClosedRange<Int>)
    case boolean
    /// Never given; microseconds in the store, ISO 8601 in answers.
    case time
    case list(of: AttributeType)
    case object
    /// Whatever the check takes, kept as text or as an integer.
    case anyOf(@Sendable (JSONValue) throws(AttributeFault) -> JSONValue)
    case number(@Sendable (JSONValue) throws(AttributeFault) -> JSONValue)
    /// Of another type, and what the check makes of it.
    case checked(AttributeType, @Sendable (JSONValue) throws(AttributeFault) -> JSONValue)

    /// What the store keeps.
    package enum Kind: Sendable { case text, integer, boolean, time, json }

    package var kind: Kind {
        switch self {
        case .text, .word, .uuid, .anyOf: .text
        case .integer, .number: .integer
        case .boolean: .boolean
        case .time: .time
        case .list, .object: .json
        case .checked(let type, _): type.kind
        }
    }
}

/// Why a value is none of its attribute's.
package struct AttributeFault: Error, Sendable {
    package let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }
}

extension AttributeType {
    /// The value as it is kept. Services that are `lenient` take texts for booleans and integers.
    package func converted(_ value: JSONValue, lenient: Bool) throws(AttributeFault) -> JSONValue {
        switch self {
        case .text(let length): return .string(try Self.text(value, length))
        case .word(let words):
            guard case .string(let text) = value, words.contains(text) else {
                throw AttributeFault("\(value.brief) is not one of \(words)")
            }
            return value
        case .uuid:
            guard case .string(let text) = value, UUIDForm.matches(text) else {
                throw AttributeFault("\(value.brief) is not a valid UUID")
            }
            return value
        case .integer(let range): return .integer(try Self.integer(value, range, lenient))
        case .boolean: return .bool(try Self.boolean(value, lenient))
        case .time: throw AttributeFault("the cloud itself keeps this time")
        case .list(let type):
            guard case .array(let items) = value else { throw AttributeFault("\(value.brief) is not a list") }
            var kept: [JSONValue] = []
            for item in items { kept.append(try type.converted(item, lenient: lenient)) }
            return .array(kept)
        case .object:
            guard case .object = value else { throw AttributeFault("\(value.brief) is not a dictionary") }
            return value
        case .anyOf(let check), .number(let check): return try check(value)
        case .checked(let type, let check): return try check(try type.converted(value, lenient: lenient))
        }
    }

    private static func text(_ value: JSONValue, _ length: ClosedRange<Int>) throws(AttributeFault) -> String {
        guard case .string(let text) = value else { throw AttributeFault("\(value.brief) is not a valid string") }
        let count = text.unicodeScalars.count
        guard count <= length.upperBound else {
            throw AttributeFault("\(value.brief) exceeds maximum length of \(length.upperBound)")
        }
        guard count >= length.lowerBound else {
            throw AttributeFault("\(value.brief) is too short: it has at least \(length.lowerBound) characters")
        }
        guard !text.unicodeScalars.contains("\0") else {
            throw AttributeFault("\(value.brief) holds the character U+0000")
        }
        return text
    }

    private static func integer(
        _ value: JSONValue, _ range: ClosedRange<Int>, _ lenient: Bool
    ) throws(AttributeFault) -> Int {
        let number: Int? =
            switch value {
            case .integer(let found): found
            case .string(let text) where lenient: Int(text)
            default: nil
            }
        guard let number else { throw AttributeFault("\(value.brief) is not an integer") }
        guard range.contains(number) else {
            throw AttributeFault("'\(number)' is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func boolean(_ value: JSONValue, _ lenient: Bool) throws(AttributeFault) -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .integer(1) where lenient: return true
        case .integer(0) where lenient: return false
        case .string(let text) where lenient:
            switch text.lowercased() {
            case "true", "1": return true
            case "false", "0": return false
            default: break
            }
        default: break
        }
        throw AttributeFault("\(value.brief) cannot be converted to boolean")
    }
}

/// UUIDs as the services' own validators read them.
private enum UUIDForm {
    static func matches(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        return (digits.count == text.utf8.count || text.utf8.count == 36) && digits.count == 32
            && digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    }
}

extension JSONValue {
    /// The text; empty where the value is none.
    package var text: String { optionalText ?? "" }

    package var optionalText: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var flag: Bool { self == .bool(true) }

    package var number: Int? {
        if case .integer(let number) = self { number } else { nil }
    }

    package var items: [JSONValue] {
        if case .array(let items) = self { items } else { [] }
    }

    package var texts: [String] { items.map(\.text) }

    package var isNull: Bool { self == .null }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
}
