/// What a disk image's headers say it is; read before any tool that could be led astray opens the file.
///
/// Layouts: QEMU's `docs/interop/qcow2.txt`, VMware's "Virtual Disk Format 5.0", ECMA-119 for ISO 9660. What is
/// looked for beyond them: CVE-2022-47951, CVE-2024-32498, CVE-2024-40767, and oslo.utils' `format_inspector`.
package struct DiskImageHeader: Sendable, Equatable {
    package var format: DiskFormat
    /// The size of the disk that a guest sees.
    package var virtualSizeBytes: Int64

    /// Larger disks are refused: no real image is, and tables grow with the size.
    package static let maximumVirtualSize: Int64 = 64 << 40

    /// Proves that a file is an image of the declared format and of no other, that it refers to no other file, and
    /// that QEMU will open it.
    ///
    /// - Throws: `CloudError.badRequest` for anything else, saying what was found; what `file` throws.
    package static func inspect(_ file: DiskImageFile, declared: DiskFormat) throws -> Self {
        guard file.size > 0 else { throw CloudError.badRequest("The image is empty.") }
        let head = try file.bytes(at: 0, count: DiskImageFile.pieceLimit)
        let tail = try file.bytes(
            at: max(0, file.size - ForeignFormat.tailLength), count: Int(ForeignFormat.tailLength))
        if let foreign = ForeignFormat.name(of: head, tail: tail) {
            let accepted = DiskFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw CloudError.badRequest("The image is \(foreign); this cloud takes \(accepted).")
        }
        let found = formats(of: head)
        guard found.count < 2 else {
            let names = found.map(\.rawValue).joined(separator: " and ")
            throw CloudError.badRequest("The image is \(names) at once; it must be of one format.")
        }
        let format = found.first ?? .raw
        guard format == declared else {
            throw CloudError.badRequest(
                "The image is declared as \(declared.rawValue), but its content is \(format.rawValue).")
        }
        let size =
            switch format {
            case .qcow2: try QCOW2Header(file, head).virtualSize
            case .vmdk: try VMDKHeader(file, head).virtualSize
            case .raw, .iso: file.size
            }
        guard size <= maximumVirtualSize else {
            throw CloudError.badRequest(
                "The image's virtual size of \(size) bytes is over the limit of \(maximumVirtualSize).")
        }
        return Self(format: format, virtualSizeBytes: size)
    }

    /// All that the signatures say; a raw disk has none.
    private static func formats(of head: ImageBytes) -> [DiskFormat] {
        var found: [DiskFormat] = []
        if head.has(QCOW2Header.magic, at: 0) { found.append(.qcow2) }
        if head.has(VMDKHeader.magic, at: 0) { found.append(.vmdk) }
        if head.has("CD001", at: 32_769) { found.append(.iso) }
        return found
    }
}
