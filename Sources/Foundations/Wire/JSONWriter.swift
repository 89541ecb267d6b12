public import Model

/// Writes an answer straight into bytes. Keys and structure are the caller's care; texts are escaped here.
///
/// It fills its memory without the checks that an array makes for each byte; there is one of it only.
public struct JSONWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0
    private var needsComma = false
    private var isOwner = true

    public init(reserving capacity: Int = 512) {
        self.capacity = max(capacity, 64)
        start = .allocate(capacity: self.capacity)
    }

    private init(into start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        self.start = start
        self.capacity = capacity
        isOwner = false
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
        var writer = start.map { JSONWriter(into: $0, capacity: memory.count) } ?? JSONWriter()
        try body(&writer)
        return writer.isOwner ? .elsewhere(writer.bytes) : .inPlace(writer.count)
    }

    deinit { if isOwner { start.deallocate() } }

    /// A copy of what has been written.
    public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    // MARK: Memory

    @inline(__always)
    private mutating func makeRoom(for more: Int) {
        if count + more > capacity { grow(by: more) }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        capacity = max(capacity * 2, count + more)
        let wider = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        wider.update(from: start, count: count)
        if isOwner { start.deallocate() }
        (start, isOwner) = (wider, true)
    }

    /// After `makeRoom`.
    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        start[count] = byte
        count += 1
    }

    /// After `makeRoom`.
    @inline(__always)
    private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let from = bytes.baseAddress else { return }
        (start + count).update(from: from, count: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    private mutating func separate(then more: Int) {
        makeRoom(for: more + 1)
        if needsComma { put(UInt8(ascii: ",")) }
        needsComma = true
    }

    // MARK: Keys and structure

    public mutating func key(_ name: StaticString) {
        separate(then: name.utf8CodeUnitCount + 3)
        put(UInt8(ascii: "\""))
        put(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        put(UInt8(ascii: "\""))
        put(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A key as it is written, quotes and colon included.
    package mutating func key(quoted key: UnsafeBufferPointer<UInt8>) {
        separate(then: key.count)
        put(key)
        needsComma = false
    }

    /// A key that is data; escaped.
    public mutating func key(text name: String) {
        separate(then: 0)
        quote(name)
        makeRoom(for: 1)
        put(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate(then: 1)
        put(UInt8(ascii: "{"))
        needsComma = false
        try body(&self)
        makeRoom(for: 1)
        put(UInt8(ascii: "}"))
        needsComma = true
    }

    public mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate(then: 1)
        put(UInt8(ascii: "["))
        needsComma = false
        try body(&self)
        makeRoom(for: 1)
        put(UInt8(ascii: "]"))
        needsComma = true
    }

    public mutating func null() {
        raw("null")
    }

    public mutating func value(_ text: String) {
        separate(then: 0)
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
        var json = json
        json.withUTF8 { raw(utf8: $0) }
    }

    /// In ISO 8601.
    package mutating func value(_ time: Timestamp, _ style: Timestamp.Style) {
        separate(then: Timestamp.longest + 2)
        put(UInt8(ascii: "\""))
        count += time.write(style, to: UnsafeMutableBufferPointer(start: start + count, count: Timestamp.longest))
        put(UInt8(ascii: "\""))
    }

    package mutating func field(_ name: StaticString, _ time: Timestamp?, _ style: Timestamp.Style = .seconds) {
        key(name)
        if let time { value(time, style) } else { null() }
    }

    package mutating func field(_ name: StaticString, utf8 text: UnsafeBufferPointer<UInt8>) {
        key(name)
        value(utf8: text)
    }

    package mutating func value(utf8 text: UnsafeBufferPointer<UInt8>) {
        separate(then: 0)
        quote(text)
    }

    /// Bytes that are JSON already.
    package mutating func raw(utf8 json: UnsafeBufferPointer<UInt8>) {
        separate(then: json.count)
        put(json)
    }

    /// Bytes with which the value that was written last goes on.
    package mutating func more(utf8 json: UnsafeBufferPointer<UInt8>) {
        makeRoom(for: json.count)
        put(json)
    }

    /// The same of text inside quotes.
    package mutating func more(text: UnsafeBufferPointer<UInt8>) {
        inside(text)
    }

    package mutating func moreNull() {
        needsComma = false
        null()
    }

    package mutating func raw(utf8 json: [UInt8]) {
        json.withUnsafeBufferPointer { raw(utf8: $0) }
    }

    /// The members of an object that is JSON already.
    package mutating func members(ofObject json: UnsafeBufferPointer<UInt8>) {
        guard json.count > 2 else { return }
        raw(utf8: UnsafeBufferPointer(rebasing: json[1..<json.count - 1]))
    }

    public mutating func value<Value>(_ json: JSONText<Value>) {
        raw(json.raw)
    }

    private static let hex = Array("0123456789abcdef".utf8)

    private mutating func quote(_ text: String) {
        // Without the copy that `withUTF8` may have to change.
        guard text.utf8.withContiguousStorageIfAvailable({ quote($0) }) == nil else { return }
        Array(text.utf8).withUnsafeBufferPointer { quote($0) }
    }

    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        makeRoom(for: text.count + 2)
        put(UInt8(ascii: "\""))
        inside(text)
        makeRoom(for: 1)
        put(UInt8(ascii: "\""))
    }

    private mutating func inside(_ text: UnsafeBufferPointer<UInt8>) {
        // Nearly every text is copied as it is.
        guard Self.isPlain(text) else { return escape(text) }
        makeRoom(for: text.count)
        put(text)
    }

    private mutating func inside(_ text: String) {
        guard text.utf8.withContiguousStorageIfAvailable({ inside($0) }) == nil else { return }
        Array(text.utf8).withUnsafeBufferPointer { inside($0) }
    }

    /// A text of three parts, such as an address, that is never put together.
    package mutating func field(
        _ name: StaticString, _ start: String, _ middle: StaticString, utf8 end: UnsafeBufferPointer<UInt8>
    ) {
        key(name)
        separate(then: 1)
        put(UInt8(ascii: "\""))
        inside(start)
        makeRoom(for: middle.utf8CodeUnitCount)
        put(UnsafeBufferPointer(start: middle.utf8Start, count: middle.utf8CodeUnitCount))
        inside(end)
        makeRoom(for: 1)
        put(UInt8(ascii: "\""))
    }

    /// A text with a fixed start and end.
    package mutating func field(
        _ name: StaticString, _ start: StaticString, utf8 middle: UnsafeBufferPointer<UInt8>, _ end: StaticString
    ) {
        key(name)
        separate(then: start.utf8CodeUnitCount + 1)
        put(UInt8(ascii: "\""))
        put(UnsafeBufferPointer(start: start.utf8Start, count: start.utf8CodeUnitCount))
        inside(middle)
        makeRoom(for: end.utf8CodeUnitCount + 1)
        put(UnsafeBufferPointer(start: end.utf8Start, count: end.utf8CodeUnitCount))
        put(UInt8(ascii: "\""))
    }

    package mutating func field(_ name: StaticString, _ start: String, _ middle: StaticString, _ end: String) {
        var end = end
        end.withUTF8 { field(name, start, middle, utf8: $0) }
    }

    private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 8, let start = UnsafeRawPointer(text.baseAddress) else {
            return text.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
        var marks: UInt64 = 0
        var at = 0
        while at + 8 < text.count {
            marks |= Self.marks(start.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        return marks | Self.marks(start.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self)) == 0
    }

    /// Not 0 when one of the eight bytes is a control character, a quote or a backslash: a byte that is 0 once the
    /// wanted one is taken out of it borrows from its highest bit.
    @inline(__always)
    private static func marks(_ bytes: UInt64) -> UInt64 {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let quotes = bytes ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = bytes ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let controls = (bytes &- (ones &* 0x20)) & ~bytes
        return (controls | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)) & highs
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        makeRoom(for: text.count * 6)
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                put(UInt8(ascii: "\\"))
                put(byte)
            case 0x0a:
                put(UInt8(ascii: "\\"))
                put(UInt8(ascii: "n"))
            case 0..<0x20:
                for sign in "\\u00".utf8 { put(sign) }
                put(Self.hex[Int(byte >> 4)])
                put(Self.hex[Int(byte & 15)])
            default: put(byte)
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
