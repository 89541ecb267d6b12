/// A qcow2 header that was checked in full.
struct QCOW2Header {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xfb]

    /// Incompatible features. Dirty, another compression type and extended L2 entries are what QEMU reads and what
    /// refers to nothing outside.
    enum Feature {
        static let dirty: UInt64 = 1 << 0
        static let corrupt: UInt64 = 1 << 1
        static let externalDataFile: UInt64 = 1 << 2
        static let compressionType: UInt64 = 1 << 3
        static let extendedL2: UInt64 = 1 << 4
        static let accepted = dirty | compressionType | extendedL2
    }

    private enum Extension {
        static let backingFormat: UInt32 = 0xe279_2aca
        static let dataFile: UInt32 = 0x4441_5441
        static let encryption: UInt32 = 0x0537_be77
        static let bitmaps: UInt32 = 0x2385_2875
    }

    let file: DiskImageFile
    let head: ImageBytes
    let version: UInt32
    let clusterBits: UInt32
    let headerLength: Int
    let features: UInt64
    let virtualSize: Int64

    var clusterSize: Int64 { 1 << Int64(clusterBits) }

    init(_ file: DiskImageFile, _ head: ImageBytes) throws {
        self.file = file
        self.head = head
        version = try head.u32(4)
        guard version == 2 || version == 3 else { throw Self.bad("version \(version) is not known") }
        clusterBits = try head.u32(20)
        guard (9...21).contains(clusterBits) else { throw Self.bad("cluster_bits \(clusterBits) is not in 9...21") }
        let size = try head.u64(24)
        guard size > 0 else { throw Self.bad("the virtual size is 0") }
        guard size <= UInt64(DiskImageHeader.maximumVirtualSize) else {
            throw Self.bad(
                "the virtual size of \(size) bytes is over the limit of \(DiskImageHeader.maximumVirtualSize)")
        }
        virtualSize = Int64(size)
        headerLength = version == 2 ? 72 : Int(try head.u32(100))
        features = version == 2 ? 0 : try head.u64(72)
        try checkReferences()
        if version == 3 { try checkVersion3() }
        try checkTables()
        try checkExtensions()
    }

    static func bad(_ what: String) -> CloudError {
        .badRequest("The qcow2 image is refused: \(what).")
    }

    private func checkReferences() throws(CloudError) {
        guard try head.u64(8) == 0, try head.u32(16) == 0 else {
            throw Self.bad("it has a backing file; flatten it first, for example with `qemu-img convert -O qcow2`")
        }
        guard try head.u32(32) == 0 else { throw Self.bad("it is encrypted") }
    }

    private func checkVersion3() throws(CloudError) {
        if features & Feature.externalDataFile != 0 { throw Self.bad("it keeps its data in an external data file") }
        if features & Feature.corrupt != 0 {
            throw Self.bad("it is marked corrupt; repair it with `qemu-img check -r all`")
        }
        let unknown = features & ~Feature.accepted
        guard unknown == 0 else {
            throw Self.bad("incompatible features 0x\(String(unknown, radix: 16)) are not known")
        }
        guard features & Feature.extendedL2 == 0 || clusterBits >= 14 else {
            throw Self.bad("its clusters of \(clusterSize) bytes are too small for extended L2 entries")
        }
        let refcountOrder = try head.u32(96)
        guard refcountOrder <= 6 else { throw Self.bad("refcount_order \(refcountOrder) is over 6") }
        guard headerLength >= 104, headerLength % 8 == 0, headerLength <= min(clusterSize, file.size) else {
            throw Self.bad("a header length of \(headerLength) is out of range")
        }
        let compression = headerLength > 104 ? try head.u8(104) : 0
        guard compression <= 1 else { throw Self.bad("compression type \(compression) is not known") }
        guard (compression != 0) == (features & Feature.compressionType != 0) else {
            throw Self.bad("its compression type \(compression) does not agree with its features")
        }
    }

    private func checkExtensions() throws(CloudError) {
        let end = min(Int(clusterSize), head.count)
        var at = headerLength
        while at + 8 <= end {
            let kind = try head.u32(at)
            let length = Int(try head.u32(at + 4))
            try check(kind)
            guard length <= end - at - 8 else { throw Self.bad("a header extension runs past the header") }
            if kind == 0 { return }
            at += 8 + (length + 7) / 8 * 8
        }
        guard end == clusterSize else { throw Self.bad("its header extensions do not end") }
    }

    private func check(_ kind: UInt32) throws(CloudError) {
        switch kind {
        case Extension.dataFile: throw Self.bad("it names an external data file")
        case Extension.encryption: throw Self.bad("it is encrypted")
        case Extension.backingFormat: throw Self.bad("it names a backing format")
        case Extension.bitmaps:
            throw Self.bad("it has dirty bitmaps; leave them out with `qemu-img convert -O qcow2`")
        default: return
        }
    }
}
