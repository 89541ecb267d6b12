/// Formats that are recognised to be refused: whatever QEMU would find by probing, and a raw disk must not look like.
enum ForeignFormat {
    /// How many of a file's last bytes `name` needs.
    static let tailLength: Int64 = 512

    private static let signatures: [(name: String, offset: Int, bytes: [UInt8])] = [
        ("VMDK of an old version", 0, Array("COWD".utf8)),
        ("VHDX", 0, Array("vhdxfile".utf8)),
        ("VHD", 0, Array("conectix".utf8)),
        ("VDI", 64, [0x7f, 0x10, 0xda, 0xbe]),
        ("QED", 0, Array("QED\0".utf8)),
        ("QCOW version 1", 0, [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1]),
        ("encrypted with LUKS", 0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe]),
        ("Parallels HDD", 0, Array("WithoutFreeSpace".utf8)),
        ("Parallels HDD", 0, Array("WithouFreSpacExt".utf8)),
        ("Bochs HDD", 0, Array("Bochs Virtual HD Image".utf8)),
        ("a cloop file", 0, Array("#!/bin/sh\n#V2.0 Format\nmodprobe cloop".utf8)),
    ]

    static func name(of head: ImageBytes, tail: ImageBytes) -> String? {
        if let known = signatures.first(where: { head.has($0.bytes, at: $0.offset) }) { return known.name }
        if isVMDKDescriptor(head) { return "a VMDK descriptor, which names other files" }
        guard tail.count == tailLength else { return nil }
        if tail.has("conectix", at: 0) { return "VHD" }
        return tail.has("koly", at: 0) ? "DMG" : nil
    }

    /// A text that QEMU takes for a VMDK descriptor: behind comments and blank lines it says `version=1`, 2 or 3.
    private static func isVMDKDescriptor(_ head: ImageBytes) -> Bool {
        for line in head.text(from: 0).split(separator: UInt8(ascii: "\n")) {
            if line.first == UInt8(ascii: "#") {
                if line.starts(with: "# Disk DescriptorFile".utf8) { return true }
                continue
            }
            let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
            if !isBlank { return line.starts(with: "version=".utf8) }
        }
        return false
    }
}
