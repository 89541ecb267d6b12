/// A file that is to be proved an image. No read is larger than `pieceLimit`, whatever the file says of itself.
package struct DiskImageFile {
    static let pieceLimit = 65_536

    let size: Int64
    private let read: (_ offset: Int64, _ count: Int) throws -> [UInt8]

    /// - Parameter read: at most `count` bytes from `offset`, fewer only at the end of the file.
    package init(size: Int64, read: @escaping (_ offset: Int64, _ count: Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// What the file has of these bytes.
    func bytes(at offset: Int64, count: Int) throws -> ImageBytes {
        guard offset >= 0, offset < size, count > 0 else { return ImageBytes([]) }
        let wanted = Int(min(Int64(min(count, Self.pieceLimit)), size - offset))
        let found = try read(offset, wanted)
        guard found.count == wanted else {
            throw CloudError.badRequest(
                "The image is truncated: its size is \(size) bytes, and it ends before byte \(offset + Int64(wanted)).")
        }
        return ImageBytes(found)
    }
}

/// Bytes of an image, with reads that never leave them.
struct ImageBytes {
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

    /// The bytes from `offset` up to the first zero.
    func text(from offset: Int) -> ArraySlice<UInt8> {
        bytes.dropFirst(offset).prefix { $0 != 0 }
    }

    func u8(_ offset: Int) throws(CloudError) -> UInt8 { try big(offset) }
    func u16(_ offset: Int) throws(CloudError) -> UInt16 { try big(offset) }
    func u32(_ offset: Int) throws(CloudError) -> UInt32 { try big(offset) }
    func u64(_ offset: Int) throws(CloudError) -> UInt64 { try big(offset) }
    func little16(_ offset: Int) throws(CloudError) -> UInt16 { try u16(offset).byteSwapped }
    func little32(_ offset: Int) throws(CloudError) -> UInt32 { try u32(offset).byteSwapped }
    func little64(_ offset: Int) throws(CloudError) -> UInt64 { try u64(offset).byteSwapped }

    private func big<Number: FixedWidthInteger>(_ offset: Int) throws(CloudError) -> Number {
        let end = offset + Number.bitWidth / 8
        guard offset >= 0, end <= bytes.count else {
            throw .badRequest("The image is refused: its header is truncated.")
        }
        return bytes[offset..<end].reduce(0) { $0 << 8 | Number($1) }
    }
}
