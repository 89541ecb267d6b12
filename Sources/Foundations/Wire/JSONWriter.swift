public import Model

/// Writes an answer straight into bytes. Keys and structure are the caller's care; texts are escaped here.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    @usableFromInline var needsComma = false

    public init(reserving capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    public mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A key as it is written, quotes and colon included.
    package mutating func key(quoted key: [UInt8]) {
        separate()
        bytes.append(contentsOf: key)
        needsComma = false
    }

    /// A key that is data; escaped.
    public mutating func key(text name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    public mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        try body(&self)
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    public mutating func null() {
        raw("null")
    }

    public mutating func value(_ text: String) {
        separate()
        quote(text)
    }

    public mutating func value(_ text: String?) {
        if let text { value(text) } else { null() }
    }

    public mutating func value(_ number: Int) {
        raw(String(number))
    }

    public mutating func value(_ number: Int?) {
        if let number { value(number) } else { null() }
    }

    public mutating func value(_ flag: Bool) {
        raw(flag ? "true" : "false")
    }

    public mutating func value<Kind>(_ id: Identifier<Kind>) {
        value(id.text)
    }

    public mutating func value<Kind>(_ id: Identifier<Kind>?) {
        value(id?.text)
    }

    /// Text that is JSON already.
    public mutating func raw(_ json: String) {
        separate()
        bytes.append(contentsOf: json.utf8)
    }

    package mutating func value(utf8 text: UnsafeBufferPointer<UInt8>) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        if Self.isPlain(text) { bytes.append(contentsOf: text) } else { escape(text) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Bytes that are JSON already.
    package mutating func raw(utf8 json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// The members of an object that is JSON already.
    package mutating func members(ofObject json: UnsafeBufferPointer<UInt8>) {
        guard json.count > 2 else { return }
        raw(utf8: json.dropFirst().dropLast())
    }

    public mutating func value<Value>(_ json: JSONText<Value>) {
        raw(json.raw)
    }

    private static let hex = Array("0123456789abcdef".utf8)

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        inside(text)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func inside(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            // Nearly every text is copied as it is.
            if Self.isPlain(utf8) { bytes.append(contentsOf: utf8) } else { escape(utf8) }
        }
    }

    /// A text of three parts, such as an address, that is never put together.
    package mutating func field(_ name: StaticString, _ start: String, _ middle: StaticString, _ end: String) {
        key(name)
        separate()
        bytes.append(UInt8(ascii: "\""))
        inside(start)
        middle.withUTF8Buffer { bytes.append(contentsOf: $0) }
        inside(end)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var marks: UInt8 = 0
        for byte in text {
            marks |= (byte < 0x20 ? 1 : 0) | (byte == UInt8(ascii: "\"") ? 1 : 0) | (byte == UInt8(ascii: "\\") ? 1 : 0)
        }
        return marks == 0
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0a: bytes.append(contentsOf: "\\n".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(Self.hex[Int(byte >> 4)])
                bytes.append(Self.hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }
}

extension JSONWriter {
    /// `"name": {...}`.
    public mutating func object(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(body)
    }

    /// `"name": [...]`.
    public mutating func array(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try array(body)
    }

    public mutating func field(_ name: StaticString, _ text: String?) {
        key(name)
        value(text)
    }

    public mutating func field(_ name: StaticString, _ number: Int?) {
        key(name)
        value(number)
    }

    public mutating func field(_ name: StaticString, _ flag: Bool) {
        key(name)
        value(flag)
    }

    public mutating func field<Kind>(_ name: StaticString, _ id: Identifier<Kind>?) {
        key(name)
        value(id?.text)
    }

    public mutating func field<Value>(_ name: StaticString, _ json: JSONText<Value>) {
        key(name)
        raw(json.raw)
    }

    public mutating func field(_ name: StaticString, raw json: String) {
        key(name)
        raw(json)
    }

    public mutating func null(_ name: StaticString) {
        key(name)
        null()
    }

    public mutating func field(_ name: StaticString, strings: [String]) {
        array(name) { writer in
            for text in strings { writer.value(text) }
        }
    }
}

extension JSONWriter {
    /// A tree as it was parsed.
    package mutating func value(_ tree: JSONValue) {
        switch tree {
        case .null: null()
        case .bool(let flag): value(flag)
        case .integer(let number): value(number)
        case .real(let number): raw("\(number)")
        case .string(let text): value(text)
        case .array(let items):
            array { writer in
                for item in items { writer.value(item) }
            }
        case .object(let members):
            object { writer in
                for member in members {
                    writer.key(text: member.key)
                    writer.value(member.value)
                }
            }
        }
    }
}

extension JSONValue {
    /// The tree as JSON text.
    package var jsonText: String {
        var writer = JSONWriter()
        writer.value(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
