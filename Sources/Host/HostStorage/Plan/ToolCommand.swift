package import HostProtocol
package import Model

/// A program and its arguments, as the kernel gets them: no shell reads them.
package struct ToolCommand: Sendable, Equatable {
    package var executable: String
    package var arguments: [String]
    package var timeout: Duration

    package init(_ executable: String, _ arguments: [String], timeout: Duration = .seconds(60)) {
        self.executable = executable
        self.arguments = arguments
        self.timeout = timeout
    }
}

/// The command lines that make disks. Paths are absolute, so that none is read as an option or a protocol.
package enum DiskCommands {
    /// A crafted image may make qemu-img use memory and time without end (CVE-2015-5162), so both are bounded.
    private static func qemuImage(
        _ arguments: [String], cpuSeconds: Int = 30, fileBytes: Int64? = nil, timeout: Duration = .seconds(60)
    ) -> ToolCommand {
        let size = fileBytes.map { ["--fsize=\($0)"] } ?? []
        return ToolCommand(
            "prlimit", ["--as=1073741824", "--cpu=\(cpuSeconds)"] + size + ["--", "qemu-img"] + arguments,
            timeout: timeout)
    }

    /// A qcow2 whose unwritten parts are those of `backing`. Its format is stated, so that it is never probed.
    package static func overlay(
        at path: String, backing: String, backingFormat: DiskFormat, sizeBytes: Int64
    ) -> ToolCommand {
        qemuImage([
            "create", "-q", "-f", "qcow2", "-F", backingFormat == .qcow2 ? "qcow2" : "raw", "-b", backing, path,
            String(sizeBytes),
        ])
    }

    /// A qcow2 with what a disk of `sizeBytes` holds. An image whose tables show one cluster many times may be far
    /// larger than its file; the result is never larger than the disk and its tables.
    package static func convert(
        _ image: String, format: DiskFormat, to path: String, sizeBytes: Int64
    ) -> ToolCommand {
        qemuImage(
            ["convert", "-q", "-f", format.rawValue, "-O", "qcow2", image, path], cpuSeconds: 600,
            fileBytes: sizeBytes + sizeBytes / 1024 + (16 << 20), timeout: .seconds(1800))
    }

    /// A qcow2 of its own with what a disk of a server holds, which is this host's own file; so is what it stands on.
    package static func flatten(_ disk: String, format: String, to path: String) -> ToolCommand {
        qemuImage(
            ["convert", "-q", "-f", format, "-O", "qcow2", disk, path], cpuSeconds: 7200, timeout: .seconds(14_400))
    }

    /// Reads the tables of a qcow2 that nobody else has open for writing.
    package static func check(_ path: String) -> ToolCommand {
        qemuImage(["check", "-q", "-f", "qcow2", path], cpuSeconds: 600, timeout: .seconds(600))
    }

    /// The same file under another name, with its holes; where the file system can, without its blocks.
    package static func copy(_ path: String, to other: String) -> ToolCommand {
        ToolCommand("cp", ["--sparse=always", "--reflink=auto", "--", path, other], timeout: .seconds(14_400))
    }

    package static func grow(_ path: String, format: String, to bytes: Int64) -> ToolCommand {
        qemuImage(["resize", "-q", "-f", format, path, String(bytes)])
    }

    /// An ext4 file system over a whole file. What is lazy is done by the guest's kernel, so the file stays sparse.
    package static func ext4(at path: String, label: String) -> ToolCommand {
        ToolCommand(
            "mkfs.ext4",
            ["-q", "-F", "-L", label, "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", path],
            timeout: .seconds(120))
    }

    package static func swap(at path: String) -> ToolCommand {
        ToolCommand("mkswap", ["--label", "swap0", path])
    }

    /// Writes over a whole file what a new disk is to hold.
    package static func format(_ format: GuestDisk.Format, label: String) -> ((String) -> ToolCommand)? {
        switch format {
        case .none: nil
        case .ext4: { ext4(at: $0, label: label) }
        case .swap: { swap(at: $0) }
        }
    }

    /// ISO 9660 with Rock Ridge and Joliet, labelled as cloud-init looks for it.
    package static func configDrive(at path: String, folder: String) -> ToolCommand {
        ToolCommand(
            "genisoimage",
            [
                "-quiet", "-o", path, "-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-V", "config-2", "-r",
                "-J", folder,
            ])
    }
}
