/// Memory that is filled from its beginning on, without the checks that an array makes for each byte.
struct ByteMemory: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0
    /// Whether it is its own, and not somebody else's.
    private(set) var isOwner = true

    init(reserving capacity: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
    }

    /// Somebody else's; it gets its own once that is not enough.
    init(into start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        self.start = start
        self.capacity = capacity
        isOwner = false
    }

    deinit { if isOwner { start.deallocate() } }

    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    @inline(__always)
    mutating func makeRoom(for more: Int) {
        if more > capacity &- count { grow(by: more) }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        capacity = max(capacity * 2, count + more)
        let wider = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        wider.update(from: start, count: count)
        if isOwner { start.deallocate() }
        (start, isOwner) = (wider, true)
    }

    /// After `makeRoom`, as all of the following.
    @inline(__always)
    mutating func put(_ byte: UInt8) {
        start[count] = byte
        count &+= 1
    }

    @inline(__always)
    mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let from = bytes.baseAddress else { return }
        (start + count).update(from: from, count: bytes.count)
        count &+= bytes.count
    }

    @inline(__always)
    mutating func put(_ text: StaticString) {
        (start + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count &+= text.utf8CodeUnitCount
    }

    /// Bytes that a block may be read behind of, copied by blocks: quicker than a call, for a few.
    static let block = 16

    /// Room is needed for a block more.
    @inline(__always)
    mutating func put(padded bytes: UnsafeBufferPointer<UInt8>) {
        guard let from = UnsafeRawPointer(bytes.baseAddress) else { return }
        let to = UnsafeMutableRawPointer(start + count)
        var at = 0
        while at < bytes.count {
            let some = from.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
            to.storeBytes(of: some, toByteOffset: at, as: SIMD16<UInt8>.self)
            at &+= Self.block
        }
        count &+= bytes.count
    }

    /// - Parameter write: puts bytes there, and returns how many.
    @inline(__always)
    mutating func put(_ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        count &+= write(start + count)
    }
}

/// The strings of JSON; they make room for themselves.
extension ByteMemory {
    @inline(__always)
    mutating func putQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        makeRoom(for: text.count + 2)
        put(UInt8(ascii: "\""))
        if !putPlain(text) {
            escape(text)
            makeRoom(for: 1)
        }
        put(UInt8(ascii: "\""))
    }

    /// What stands between the quotes.
    @inline(__always)
    mutating func putEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        makeRoom(for: text.count)
        // Nearly every text is plain.
        if !putPlain(text) { escape(text) }
    }

    /// Copies the text and looks at each byte on the way; puts nothing when one has to be escaped.
    @inline(__always)
    private mutating func putPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 8, let from = UnsafeRawPointer(text.baseAddress) else {
            for (at, byte) in text.enumerated() {
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
                start[count + at] = byte
            }
            count &+= text.count
            return true
        }
        let to = UnsafeMutableRawPointer(start + count)
        var marks: UInt64 = 0
        func copy(_ at: Int) {
            let bytes = from.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            to.storeBytes(of: bytes, toByteOffset: at, as: UInt64.self)
            marks |= Self.marks(bytes)
        }
        var at = 0
        let last = text.count &- 8
        while at < last {
            copy(at)
            at &+= 8
        }
        copy(last)
        guard marks == 0 else { return false }
        count &+= text.count
        return true
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

    @inline(never)
    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        makeRoom(for: text.count * 6)
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                put(UInt8(ascii: "\\"))
                put(byte)
            case 0x0a: put("\\n")
            case 0..<0x20:
                put("\\u00")
                put(Self.hex(byte >> 4))
                put(Self.hex(byte & 15))
            default: put(byte)
            }
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
