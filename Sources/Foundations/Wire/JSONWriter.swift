public import Model

/// Writes an answer straight into bytes. Keys and structure are the caller's care; texts are escaped here.
///
/// It fills its memory without the checks that an array makes for each byte; there is one of it only.
public struct JSONWriter: ~Copyable {
    private var memory: ByteMemory
    private var needsComma = false
    private var times = TimeWriter()

    public init(reserving capacity: Int = 512) {
        memory = ByteMemory(reserving: max(capacity, 64))
    }

    private init(_ memory: consuming ByteMemory) {
        self.memory = memory
    }

    package enum Filled {
        /// So many bytes of the memory.
        case inPlace(Int)
        /// The memory was not enough.
        case elsewhere([UInt8])
    }

    /// Writes into somebody else's memory as long as it is enough.
    package static func fill(
        _ memory: UnsafeMutableRawBufferPointer, _ body: (inout JSONWriter) throws -> Void
    ) rethrows -> Filled {
        let start = memory.bindMemory(to: UInt8.self).baseAddress
        var writer = start.map { JSONWriter(ByteMemory(into: $0, capacity: memory.count)) } ?? JSONWriter()
        try body(&writer)
        return writer.memory.isOwner ? .elsewhere(writer.bytes) : .inPlace(writer.memory.count)
    }

    /// A copy of what has been written.
    public var bytes: [UInt8] { Array(memory.bytes) }

    // MARK: Keys and structure

    @inline(__always)
    private mutating func separate(then more: Int) {
        memory.makeRoom(for: more + 1)
        if needsComma { memory.put(UInt8(ascii: ",")) }
        needsComma = true
    }

    public mutating func key(_ name: StaticString) {
        separate(then: name.utf8CodeUnitCount + 3)
        memory.put(UInt8(ascii: "\""))
        memory.put(name)
        memory.put("\":")
        needsComma = false
    }

    /// A key that is data; escaped.
    public mutating func key(text name: String) {
        value(name)
        memory.makeRoom(for: 1)
        memory.put(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        try enclose("{", "}", body)
    }

    public mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        try enclose("[", "]", body)
    }

    @inline(__always)
    private mutating func enclose(
        _ first: Unicode.Scalar, _ last: Unicode.Scalar, _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        separate(then: 1)
        memory.put(UInt8(ascii: first))
        needsComma = false
        try body(&self)
        memory.makeRoom(for: 1)
        memory.put(UInt8(ascii: last))
        needsComma = true
    }

    // MARK: Values

    public mutating func null() {
        raw("null" as StaticString)
    }

    public mutating func value(_ text: String) {
        Self.withUTF8(text) { value(utf8: $0) }
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
        raw(flag ? "true" : "false" as StaticString)
    }

    public mutating func value<Kind>(_ id: Identifier<Kind>) {
        value(id.text)
    }

    public mutating func value<Kind>(_ id: Identifier<Kind>?) {
        value(id?.text)
    }

    public mutating func value<Value>(_ json: JSONText<Value>) {
        raw(json.raw)
    }

    /// In ISO 8601.
    package mutating func value(_ time: Timestamp, _ style: Timestamp.Style) {
        separate(then: Timestamp.longest + 2)
        memory.put(UInt8(ascii: "\""))
        memory.put { times.write(time, style, to: UnsafeMutableBufferPointer(start: $0, count: Timestamp.longest)) }
        memory.put(UInt8(ascii: "\""))
    }

    @inline(__always)
    package mutating func value(utf8 text: UnsafeBufferPointer<UInt8>) {
        separate(then: 0)
        memory.putQuoted(text)
    }

    // MARK: Members whose keys are written beforehand
    // A key has its quotes and its colon, and behind it a block of `ByteMemory` that may be read.

    @inline(__always)
    mutating func member(padded key: UnsafeBufferPointer<UInt8>, _ value: (inout JSONWriter) -> Void) {
        separate(then: key.count + ByteMemory.block)
        memory.put(padded: key)
        needsComma = false
        value(&self)
    }

    @inline(__always)
    mutating func member(padded key: UnsafeBufferPointer<UInt8>, utf8 text: UnsafeBufferPointer<UInt8>) {
        separate(then: key.count + ByteMemory.block)
        memory.put(padded: key)
        memory.putQuoted(text)
    }

    // MARK: JSON as it is

    /// Text that is JSON already.
    public mutating func raw(_ json: String) {
        Self.withUTF8(json) { raw(utf8: $0) }
    }

    private mutating func raw(_ json: StaticString) {
        separate(then: json.utf8CodeUnitCount)
        memory.put(json)
    }

    /// Bytes that are JSON already.
    package mutating func raw(utf8 json: UnsafeBufferPointer<UInt8>) {
        separate(then: json.count)
        memory.put(json)
    }

    package mutating func raw(utf8 json: [UInt8]) {
        json.withUnsafeBufferPointer { raw(utf8: $0) }
    }

    /// The members of an object that is JSON already.
    package mutating func members(ofObject json: UnsafeBufferPointer<UInt8>) {
        guard json.count > 2 else { return }
        raw(utf8: UnsafeBufferPointer(rebasing: json[1..<json.count - 1]))
    }

    /// Bytes with which the value that was written last goes on.
    package mutating func more(utf8 json: UnsafeBufferPointer<UInt8>) {
        memory.makeRoom(for: json.count)
        memory.put(json)
    }

    /// The same of text inside quotes.
    package mutating func more(text: UnsafeBufferPointer<UInt8>) {
        memory.putEscaped(text)
    }

    package mutating func moreNull() {
        needsComma = false
        null()
    }

    /// Without the copy that `String.withUTF8` may have to change.
    @inline(__always)
    private static func withUTF8(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard text.utf8.withContiguousStorageIfAvailable(body) == nil else { return }
        Array(text.utf8).withUnsafeBufferPointer(body)
    }

    // MARK: Texts of parts, that are never put together

    /// A text of three parts, such as an address.
    package mutating func field(
        _ name: StaticString, _ start: String, _ middle: StaticString, utf8 end: UnsafeBufferPointer<UInt8>
    ) {
        key(name)
        separate(then: 1)
        memory.put(UInt8(ascii: "\""))
        Self.withUTF8(start) { memory.putEscaped($0) }
        memory.makeRoom(for: middle.utf8CodeUnitCount)
        memory.put(middle)
        memory.putEscaped(end)
        memory.makeRoom(for: 1)
        memory.put(UInt8(ascii: "\""))
    }

    package mutating func field(_ name: StaticString, _ start: String, _ middle: StaticString, _ end: String) {
        Self.withUTF8(end) { field(name, start, middle, utf8: $0) }
    }

    /// A text with a fixed start and end.
    package mutating func field(
        _ name: StaticString, _ start: StaticString, utf8 middle: UnsafeBufferPointer<UInt8>, _ end: StaticString
    ) {
        key(name)
        separate(then: start.utf8CodeUnitCount + 1)
        memory.put(UInt8(ascii: "\""))
        memory.put(start)
        memory.putEscaped(middle)
        memory.makeRoom(for: end.utf8CodeUnitCount + 1)
        memory.put(end)
        memory.put(UInt8(ascii: "\""))
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

    package mutating func field(_ name: StaticString, _ time: Timestamp?, _ style: Timestamp.Style = .seconds) {
        key(name)
        if let time { value(time, style) } else { null() }
    }

    package mutating func field(_ name: StaticString, utf8 text: UnsafeBufferPointer<UInt8>) {
        key(name)
        value(utf8: text)
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
