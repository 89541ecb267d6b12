package import Model

/// A JSON text as a tree (RFC 8259), for request bodies: it tells integers from reals and booleans from numbers, keeps
/// the order of keys, and refuses what a request should not hold: duplicate keys, deep nesting, bad UTF-8.
package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: JSONValue

        package init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    package init(parsing bytes: [UInt8]) throws(CloudError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }

    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// Short text of the value for a message.
    package var brief: String {
        switch self {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): String(value)
        case .real(let value): String(value)
        case .string(let value): "'\(value.prefix(80))'"
        case .array(let items): "a list of \(items.count)"
        case .object(let members): "an object with \(members.count) keys"
        }
    }
}

struct JSONParser {
    private static let deepest = 64
    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private func malformed(_ what: String) -> CloudError {
        CloudError.badRequest("Malformed request body: \(what) at byte \(at).")
    }

    mutating func document() throws(CloudError) -> JSONValue {
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw malformed("text after the JSON value") }
        return value
    }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
    }

    private mutating func value() throws(CloudError) -> JSONValue {
        skipSpace()
        guard at < bytes.count else { throw malformed("the JSON text ends too early") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try nested { parser throws(CloudError) in try parser.members() }
        case UInt8(ascii: "["): return try nested { parser throws(CloudError) in try parser.items() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(CloudError) -> JSONValue
    ) throws(CloudError) -> JSONValue {
        depth += 1
        guard depth <= Self.deepest else { throw malformed("nesting deeper than \(Self.deepest)") }
        at += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func take(_ byte: Character) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == byte.asciiValue else { return false }
        at += 1
        return true
    }

    private mutating func members() throws(CloudError) -> JSONValue {
        var members: [JSONValue.Member] = []
        var seen: Set<String> = []
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw malformed("expected a key") }
            let key = try string()
            guard seen.insert(key).inserted else { throw malformed("the key '\(key.prefix(80))' stands twice") }
            guard take(":") else { throw malformed("expected ':'") }
            members.append(.init(key: key, value: try value()))
        } while take(",")
        guard take("}") else { throw malformed("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func items() throws(CloudError) -> JSONValue {
        var items: [JSONValue] = []
        if take("]") { return .array([]) }
        repeat { items.append(try value()) } while take(",")
        guard take("]") else { throw malformed("expected ',' or ']'") }
        return .array(items)
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(CloudError) -> JSONValue {
        let end = at + text.utf8CodeUnitCount
        let matches = text.withUTF8Buffer { end <= bytes.count && bytes[at..<end].elementsEqual($0) }
        guard matches else { throw malformed("unknown word") }
        at = end
        return value
    }

    private mutating func number() throws(CloudError) -> JSONValue {
        let start = at
        var isReal = false
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isReal = true
            default: return try finish(number: start, isReal)
            }
            at += 1
        }
        return try finish(number: start, isReal)
    }

    private func finish(number start: Int, _ isReal: Bool) throws(CloudError) -> JSONValue {
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard let first = digits.first, first.isASCII, first.isNumber,
            !(first == "0" && digits.dropFirst().first?.isNumber == true)
        else { throw malformed("unexpected character") }
        if !isReal, let value = Int(text) { return .integer(value) }
        let fraction = text.drop { $0 != "." }.dropFirst()
        let endsAtPoint = text.contains(".") && fraction.first?.isNumber != true
        guard !endsAtPoint, let value = Double(text), value.isFinite else { throw malformed("bad number") }
        return .real(value)
    }

    private mutating func string() throws(CloudError) -> String {
        at += 1
        var plain: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: plain, as: UTF8.self) else { throw malformed("bad UTF-8") }
                return text
            case UInt8(ascii: "\\"): plain.append(contentsOf: try escape())
            case 0..<0x20: throw malformed("control character in a string")
            default: plain.append(byte)
            }
        }
        throw malformed("a string does not end")
    }

    private mutating func escape() throws(CloudError) -> [UInt8] {
        guard at < bytes.count else { throw malformed("a string does not end") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicode()
        default: throw malformed("unknown escape")
        }
    }

    private mutating func unicode() throws(CloudError) -> [UInt8] {
        var code = try hexadecimal()
        if (0xd800..<0xdc00).contains(code), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        {
            at += 2
            let low = try hexadecimal()
            guard (0xdc00..<0xe000).contains(low) else { throw malformed("half of a surrogate pair") }
            code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        // No database keeps it in a text, and no field means it.
        guard code != 0 else { throw malformed("the character U+0000 in a string") }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("half of a surrogate pair") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexadecimal() throws(CloudError) -> UInt32 {
        guard at + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16),
            bytes[at] != UInt8(ascii: "+")
        else { throw malformed("bad \\u escape") }
        at += 4
        return code
    }
}
