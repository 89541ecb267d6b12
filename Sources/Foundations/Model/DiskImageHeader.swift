/// What the first bytes of a disk image say it is; read before any tool that could be led astray opens the file.
///
/// Layouts: QEMU's `docs/interop/qcow2.txt`, ECMA-119 for ISO 9660, and each maker's signature for what is refused.
package struct DiskImageHeader: Sendable, Equatable {
    package var format: DiskFormat
    /// The size of the disk that a guest sees.
    package var virtualSizeBytes: Int64

    /// How many of a file's first bytes `inspect` needs, or all of a smaller file.
    package static let prefixLength = 65_536
    /// How many of a file's last bytes tell a fixed VHD from a raw disk.
    package static let tailLength = 512
    /// Larger disks are refused: no real image is, and tables grow with the size.
    package static let maximumVirtualSize: Int64 = 64 << 40

    /// Proves that a file is an image of the declared format which refers to no other file.
    ///
    /// - Parameter tail: the last `tailLength` bytes; without them a fixed VHD passes as the raw disk it also is.
    /// - Throws: `CloudError.badRequest` for anything else, saying what was found.
    package static func inspect(
        prefix: [UInt8], fileSize: Int64, declared: DiskFormat, tail: [UInt8] = []
    ) throws(CloudError) -> Self {
        guard fileSize > 0 else { throw .badRequest("The image is empty.") }
        let bytes = ImageBytes(prefix)
        if let foreign = ForeignFormat.name(of: bytes, tail: ImageBytes(tail)) {
            throw .badRequest("The image is \(foreign); only raw, qcow2 and iso images are accepted.")
        }
        let found = detect(bytes)
        guard found == declared else {
            throw .badRequest("The image is declared as \(declared.rawValue), but its content is \(found.rawValue).")
        }
        let size: Int64
        switch found {
        case .qcow2: size = try QCOW2Header(bytes, fileSize: fileSize).virtualSize
        case .raw, .iso:
            guard Int64(prefix.count) >= min(fileSize, Int64(prefixLength)) else {
                throw .badRequest("The image is truncated: its size is \(fileSize) bytes, \(prefix.count) were read.")
            }
            size = fileSize
        }
        guard size <= maximumVirtualSize else {
            throw .badRequest("The image's virtual size of \(size) bytes is over the limit of \(maximumVirtualSize).")
        }
        return Self(format: found, virtualSizeBytes: size)
    }

    private static func detect(_ bytes: ImageBytes) -> DiskFormat {
        if bytes.has(QCOW2Header.magic, at: 0) { return .qcow2 }
        return bytes.has("CD001", at: 32_769) ? .iso : .raw
    }
}

/// Formats that are recognised to be refused.
private enum ForeignFormat {
    private static let signatures: [(name: String, offset: Int, bytes: [UInt8])] = [
        ("VMDK", 0, Array("KDMV".utf8)),
        ("VMDK", 0, Array("COWD".utf8)),
        ("VMDK", 0, Array("# Disk DescriptorFile".utf8)),
        ("VHDX", 0, Array("vhdxfile".utf8)),
        ("VHD", 0, Array("conectix".utf8)),
        ("VDI", 64, [0x7f, 0x10, 0xda, 0xbe]),
        ("QED", 0, Array("QED\0".utf8)),
        ("QCOW version 1", 0, [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1]),
        ("encrypted with LUKS", 0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe]),
        ("Parallels HDD", 0, Array("WithoutFreeSpace".utf8)),
        ("Parallels HDD", 0, Array("WithouFreSpacExt".utf8)),
        ("Bochs HDD", 0, Array("Bochs Virtual HD Image".utf8)),
    ]

    static func name(of bytes: ImageBytes, tail: ImageBytes) -> String? {
        if let known = signatures.first(where: { bytes.has($0.bytes, at: $0.offset) }) { return known.name }
        return tail.count == DiskImageHeader.tailLength && tail.has("conectix", at: 0) ? "VHD" : nil
    }
}

/// A qcow2 header that was checked in full.
private struct QCOW2Header {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xfb]

    /// Dirty, another compression type, extended L2 entries: QEMU reads these, and they refer to nothing outside.
    private static let acceptedFeatures: UInt64 = 1 << 0 | 1 << 3 | extendedL2
    private static let extendedL2: UInt64 = 1 << 4
    private static let corrupt: UInt64 = 1 << 1
    private static let externalDataFile: UInt64 = 1 << 2
    private static let dataFileExtension: UInt32 = 0x4441_5441
    private static let encryptionExtension: UInt32 = 0x0537_be77
    private static let maximumL1Entries: UInt32 = 4 << 20

    private let bytes: ImageBytes
    private let fileSize: Int64
    private let version: UInt32
    private let clusterBits: UInt32
    private let headerLength: Int
    let virtualSize: Int64

    init(_ bytes: ImageBytes, fileSize: Int64) throws(CloudError) {
        self.bytes = bytes
        self.fileSize = fileSize
        version = try bytes.u32(4)
        guard version == 2 || version == 3 else { throw Self.bad("version \(version) is not known") }
        clusterBits = try bytes.u32(20)
        guard (9...21).contains(clusterBits) else { throw Self.bad("cluster_bits \(clusterBits) is not in 9...21") }
        let size = try bytes.u64(24)
        guard size > 0 else { throw Self.bad("the virtual size is 0") }
        guard size <= UInt64(DiskImageHeader.maximumVirtualSize) else {
            throw Self.bad(
                "the virtual size of \(size) bytes is over the limit of \(DiskImageHeader.maximumVirtualSize)")
        }
        virtualSize = Int64(size)
        headerLength = version == 2 ? 72 : Int(try bytes.u32(100))
        try checkReferences()
        if version == 3 { try checkVersion3() }
        try checkTables()
        try checkExtensions()
    }

    private static func bad(_ what: String) -> CloudError {
        .badRequest("The qcow2 image is refused: \(what).")
    }

    private func checkReferences() throws(CloudError) {
        guard try bytes.u64(8) == 0, try bytes.u32(16) == 0 else {
            throw Self.bad("it has a backing file; flatten it first, for example with `qemu-img convert -O qcow2`")
        }
        guard try bytes.u32(32) == 0 else { throw Self.bad("it is encrypted") }
    }

    private func checkVersion3() throws(CloudError) {
        let features = try bytes.u64(72)
        if features & Self.externalDataFile != 0 { throw Self.bad("it keeps its data in an external data file") }
        if features & Self.corrupt != 0 {
            throw Self.bad("it is marked corrupt; repair it with `qemu-img check -r all`")
        }
        let unknown = features & ~Self.acceptedFeatures
        guard unknown == 0 else {
            throw Self.bad("incompatible features 0x\(String(unknown, radix: 16)) are not known")
        }
        let refcountOrder = try bytes.u32(96)
        guard refcountOrder <= 6 else { throw Self.bad("refcount_order \(refcountOrder) is over 6") }
        guard headerLength >= 104, headerLength % 8 == 0, headerLength <= 1 << clusterBits else {
            throw Self.bad("a header length of \(headerLength) is out of range")
        }
    }

    private func checkTables() throws(CloudError) {
        let entries = try bytes.u32(36)
        guard entries <= Self.maximumL1Entries else {
            throw Self.bad("its L1 table of \(entries) entries is too large")
        }
        let features: UInt64 = version == 3 ? try bytes.u64(72) : 0
        let entryBytes: Int64 = features & Self.extendedL2 != 0 ? 16 : 8
        let bytesPerL1Entry = (Int64(1) << clusterBits) * ((Int64(1) << clusterBits) / entryBytes)
        guard Int64(entries) >= (virtualSize + bytesPerL1Entry - 1) / bytesPerL1Entry else {
            throw Self.bad("its L1 table of \(entries) entries is too small for its virtual size")
        }
        try checkTable("L1 table", offset: bytes.u64(40), byteCount: Int64(entries) * 8)
        let refcountClusters = try bytes.u32(56)
        guard refcountClusters > 0, Int64(refcountClusters) << clusterBits <= 8 << 20 else {
            throw Self.bad("its refcount table of \(refcountClusters) clusters is out of range")
        }
        try checkTable("refcount table", offset: bytes.u64(48), byteCount: Int64(refcountClusters) << clusterBits)
        let snapshots = try bytes.u32(60)
        guard snapshots <= 65_536 else { throw Self.bad("it has \(snapshots) snapshots") }
        if snapshots > 0 { try checkTable("snapshot table", offset: bytes.u64(64), byteCount: Int64(snapshots) * 40) }
    }

    private func checkTable(_ name: String, offset: UInt64, byteCount: Int64) throws(CloudError) {
        guard offset != 0, offset % (1 << UInt64(clusterBits)) == 0 else {
            throw Self.bad("its \(name) starts at \(offset), which is not a cluster")
        }
        guard offset <= UInt64(fileSize), byteCount <= fileSize - Int64(offset) else {
            throw Self.bad("it is truncated: its \(name) ends beyond the file's \(fileSize) bytes")
        }
    }

    private func checkExtensions() throws(CloudError) {
        let end = min(1 << Int(clusterBits), bytes.count)
        var at = headerLength
        while at + 8 <= end {
            let kind = try bytes.u32(at)
            if kind == 0 { return }
            if kind == Self.dataFileExtension { throw Self.bad("it names an external data file") }
            if kind == Self.encryptionExtension { throw Self.bad("it is encrypted") }
            let length = Int(try bytes.u32(at + 4))
            guard length <= end - at - 8 else { throw Self.bad("a header extension runs past the header") }
            at += 8 + (length + 7) / 8 * 8
        }
        guard end == 1 << Int(clusterBits) else { throw Self.bad("its header extensions do not end") }
    }
}

/// Big-endian reads that refuse to leave the bytes at hand.
private struct ImageBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    func has(_ signature: [UInt8], at offset: Int) -> Bool {
        offset + signature.count <= bytes.count && bytes[offset..<offset + signature.count].elementsEqual(signature)
    }

    func has(_ signature: String, at offset: Int) -> Bool {
        has(Array(signature.utf8), at: offset)
    }

    func u32(_ offset: Int) throws(CloudError) -> UInt32 {
        guard offset >= 0, offset + 4 <= bytes.count else {
            throw .badRequest("The qcow2 image is refused: its header is truncated.")
        }
        return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    func u64(_ offset: Int) throws(CloudError) -> UInt64 {
        UInt64(try u32(offset)) << 32 | UInt64(try u32(offset + 4))
    }
}
