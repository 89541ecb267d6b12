package import Model

/// A disk image made by hand, with fields to spoil: its first bytes, and zeros up to its size.
package struct DiskImageSample: Sendable, CustomStringConvertible {
    package var format: DiskFormat
    package var bytes: [UInt8]
    package var size: Int64

    package init(_ format: DiskFormat, bytes: [UInt8] = [UInt8](repeating: 0, count: 65_536), size: Int64) {
        self.format = format
        self.bytes = bytes
        self.size = size
    }

    /// The header as `qemu-img create -f qcow2 x 1G` writes it; clusters are of 64 KiB, and the L1 table ends the file.
    package static func qcow2(version: UInt32 = 3) -> Self {
        var sample = Self(.qcow2, size: 0x3_0010)
        sample.put(UInt32(0x5146_49fb), at: 0)
        sample.put(version, at: 4)
        sample.put(UInt32(16), at: 20)
        sample.put(UInt64(1 << 30), at: 24)
        sample.put(UInt32(2), at: 36)
        sample.put(UInt64(0x3_0000), at: 40)
        sample.put(UInt64(0x1_0000), at: 48)
        sample.put(UInt32(1), at: 56)
        guard version == 3 else { return sample }
        sample.put(UInt32(4), at: 96)
        sample.put(UInt32(112), at: 100)
        return sample
    }

    package static let vmdkDescriptor = """
        # Disk DescriptorFile
        version=1
        CID=7e5b80a7
        parentCID=ffffffff
        createType="monolithicSparse"

        # Extent description
        RW 2097152 SPARSE "disk.vmdk"

        # The Disk Data Base
        #DDB

        ddb.virtualHWVersion = "4"
        ddb.adapterType = "ide"

        """

    /// A sparse extent of 1 GiB without data, its grain directories before and behind sector 26.
    package static func vmdk(descriptor: String = vmdkDescriptor) -> Self {
        var sample = Self(.vmdk, size: 0x1_0000)
        sample.put("KDMV", at: 0)
        sample.put(UInt32(1).byteSwapped, at: 4)
        sample.put(UInt32(3).byteSwapped, at: 8)
        sample.put(UInt64(2_097_152).byteSwapped, at: 12)
        sample.put(UInt64(128).byteSwapped, at: 20)
        sample.put(UInt64(1).byteSwapped, at: 28)
        sample.put(UInt64(20).byteSwapped, at: 36)
        sample.put(UInt32(512).byteSwapped, at: 44)
        sample.put(UInt64(21).byteSwapped, at: 48)
        sample.put(UInt64(26).byteSwapped, at: 56)
        sample.put(UInt64(128).byteSwapped, at: 64)
        sample.put("\n \r\n", at: 73)
        sample.put(descriptor, at: 512)
        return sample
    }

    /// The same with its grain directory at the end: behind it stand a marker, the header again, and the last marker.
    package static func vmdkWithFooter() -> Self {
        var sample = vmdk(descriptor: vmdkDescriptor.replacing("monolithicSparse", with: "streamOptimized"))
        sample.put(UInt64.max, at: 56)
        let footer = sample.bytes.count - 1024
        sample.put(UInt32(3).byteSwapped, at: footer - 512 + 12)
        sample.bytes.replaceSubrange(footer..<footer + 512, with: sample.bytes[..<512])
        sample.put(UInt64(26).byteSwapped, at: footer + 56)
        return sample
    }

    package var description: String { "\(format.rawValue) of \(size) bytes" }

    /// Writes a number as big-endian.
    package mutating func put<Number: FixedWidthInteger>(_ value: Number, at offset: Int) {
        for index in 0..<Number.bitWidth / 8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (Number.bitWidth - 8 * (index + 1)))
        }
    }

    package func little64(at offset: Int) -> UInt64 {
        bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    package mutating func put(_ text: String, at offset: Int) {
        bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }

    /// The whole file.
    package var content: [UInt8] {
        bytes.prefix(Int(size)) + [UInt8](repeating: 0, count: max(0, Int(size) - bytes.count))
    }

    /// - Throws: an internal error when more is read at once than any field of the file may ask for.
    package func inspect(declared: DiskFormat? = nil) throws -> DiskImageHeader {
        let file = DiskImageFile(size: size) { [bytes] offset, count in
            guard offset >= 0, (1...65_536).contains(count) else {
                throw CloudError(.internal, "A read of \(count) bytes at \(offset).")
            }
            let start = Int(min(offset, Int64(bytes.count)))
            let known = bytes[start..<min(start + count, bytes.count)]
            return known + [UInt8](repeating: 0, count: count - known.count)
        }
        return try DiskImageHeader.inspect(file, declared: declared ?? format)
    }

    /// Why it is refused; `nil` when it is accepted.
    package func refusal(declared: DiskFormat? = nil) -> String? {
        do {
            _ = try inspect(declared: declared)
            return nil
        } catch let error as CloudError where error.kind == .badRequest {
            return error.message
        } catch {
            return "unexpected: \(error)"
        }
    }
}
