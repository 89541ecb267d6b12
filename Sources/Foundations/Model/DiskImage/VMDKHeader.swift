/// The header of a sparse extent that holds a whole disk, checked in full: `monolithicSparse` or `streamOptimized`.
struct VMDKHeader {
    static let magic: [UInt8] = Array("KDMV".utf8)

    private static let sector: Int64 = 512
    private static let descriptorOffset = 512
    private static let atEnd = UInt64.max
    private static let hasRedundantDirectory: UInt32 = 1 << 1
    private static let maximumDirectoryEntries: Int64 = 4 << 20
    private static let footerLength: Int64 = 3 * sector
    private static let footerMarker: UInt32 = 3

    let virtualSize: Int64

    init(_ file: DiskImageFile, _ head: ImageBytes) throws {
        let header = try Fields(head, at: 0)
        // With a capacity of 0, QEMU reads the descriptor for the names of other files.
        guard header.capacity > 0 else { throw Self.bad("its capacity is 0") }
        guard header.capacity <= UInt64(DiskImageHeader.maximumVirtualSize / Self.sector) else {
            throw Self.bad(
                "its capacity of \(header.capacity) sectors is over the limit of "
                    + "\(DiskImageHeader.maximumVirtualSize) bytes")
        }
        virtualSize = Int64(header.capacity) * Self.sector
        try Self.checkForm(header)
        let descriptorEnd = try Self.checkDescriptor(header, head)
        let last = header.directory == Self.atEnd ? try Self.footer(of: file, matching: header) : header
        try Self.checkDirectories(last, behind: descriptorEnd, file)
    }

    static func bad(_ what: String) -> CloudError {
        .badRequest("The vmdk image is refused: \(what).")
    }

    /// Little-endian and packed; offsets and sizes are in sectors.
    private struct Fields: Equatable {
        var version: UInt32
        var flags: UInt32
        var capacity: UInt64
        var grain: UInt64
        var descriptor: UInt64
        var descriptorSize: UInt64
        var entriesPerTable: UInt32
        var redundantDirectory: UInt64
        var directory: UInt64
        var overhead: UInt64
        var lineEnds: UInt32
        var compression: UInt16

        init(_ bytes: ImageBytes, at start: Int) throws(CloudError) {
            version = try bytes.little32(start + 4)
            flags = try bytes.little32(start + 8)
            capacity = try bytes.little64(start + 12)
            grain = try bytes.little64(start + 20)
            descriptor = try bytes.little64(start + 28)
            descriptorSize = try bytes.little64(start + 36)
            entriesPerTable = try bytes.little32(start + 44)
            redundantDirectory = try bytes.little64(start + 48)
            directory = try bytes.little64(start + 56)
            overhead = try bytes.little64(start + 64)
            lineEnds = try bytes.u32(start + 73)
            compression = try bytes.little16(start + 77)
        }
    }

    private static func checkForm(_ header: Fields) throws(CloudError) {
        guard (1...3).contains(header.version) else { throw bad("version \(header.version) is not known") }
        guard (8...2048).contains(header.grain), header.grain.nonzeroBitCount == 1 else {
            throw bad("a grain of \(header.grain) sectors is out of range")
        }
        guard (1...512).contains(header.entriesPerTable) else {
            throw bad("grain tables of \(header.entriesPerTable) entries are out of range")
        }
        guard header.lineEnds == 0x0a20_0d0a else { throw bad("its line ends were changed on the way") }
        guard header.compression <= 1 else { throw bad("compression \(header.compression) is not known") }
    }

    /// - Returns: the sector behind the descriptor.
    private static func checkDescriptor(_ header: Fields, _ head: ImageBytes) throws(CloudError) -> UInt64 {
        guard header.descriptor == 1, header.descriptorSize > 0,
            header.descriptorSize <= UInt64((DiskImageFile.pieceLimit - descriptorOffset) / Int(sector))
        else {
            throw bad(
                "its descriptor at sector \(header.descriptor), \(header.descriptorSize) sectors long, "
                    + "is not where it must be")
        }
        let text = head.text(from: descriptorOffset)
        guard text.count <= Int(header.descriptorSize) * Int(sector), text.endIndex < head.count else {
            throw bad("its descriptor runs past its end")
        }
        try VMDKDescriptor.check(text)
        return 1 + header.descriptorSize
    }

    /// The header that counts when the first one says that the grain directory is at the end of the file.
    private static func footer(of file: DiskImageFile, matching header: Fields) throws -> Fields {
        guard file.size % sector == 0, file.size >= 2 * sector + footerLength else {
            throw bad("it is truncated: it has no footer")
        }
        let bytes = try file.bytes(at: file.size - footerLength, count: Int(footerLength))
        let (marker, end) = (0, 2 * Int(sector))
        guard try bytes.little32(marker + 8) == 0, try bytes.little32(marker + 12) == footerMarker,
            bytes.has(magic, at: Int(sector)), bytes.has([UInt8](repeating: 0, count: 16), at: end)
        else { throw bad("it is truncated: it has no footer") }
        let footer = try Fields(bytes, at: Int(sector))
        guard footer.directory != atEnd else { throw bad("its footer refers to another footer") }
        var same = footer
        same.directory = header.directory
        same.redundantDirectory = header.redundantDirectory
        guard same == header else { throw bad("its footer and its header do not agree") }
        return footer
    }

    private static func checkDirectories(
        _ header: Fields, behind start: UInt64, _ file: DiskImageFile
    ) throws(CloudError) {
        let sectorsPerEntry = Int64(header.entriesPerTable) * Int64(header.grain)
        let entries = (Int64(header.capacity) + sectorsPerEntry - 1) / sectorsPerEntry
        guard entries <= maximumDirectoryEntries else {
            throw bad("its grain directory of \(entries) entries is too large")
        }
        let length = UInt64((entries * 4 + sector - 1) / sector)
        let total = UInt64(file.size / sector)
        guard header.overhead <= total else {
            throw bad("it is truncated: its metadata of \(header.overhead) sectors ends beyond the file")
        }
        var directories = [("grain directory", header.directory)]
        if header.flags & hasRedundantDirectory != 0 {
            directories.append(("redundant grain directory", header.redundantDirectory))
        }
        for (name, offset) in directories {
            guard offset >= start else { throw bad("its \(name) at sector \(offset) overlaps its header") }
            guard offset <= total, length <= total - offset else {
                throw bad("it is truncated: its \(name) at sector \(offset) ends beyond the file's \(file.size) bytes")
            }
        }
    }
}
