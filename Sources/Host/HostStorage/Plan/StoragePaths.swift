package import HostProtocol
package import Model

/// Where everything is, below one directory. Names come from ids that were checked, never from what users wrote.
package struct StoragePaths: Sendable, Equatable {
    /// Absolute, without a slash at its end.
    package let root: String

    /// The longest path a Unix socket can have, in bytes (`sun_path` less its terminator).
    private static let socketPathLimit = 107
    /// Marks what is not finished: whatever starts like this may be deleted when nobody works on it.
    package static let temporaryPrefix = ".tmp-"

    package init(root: String) throws(HostFailure) {
        var root = root
        while root.hasSuffix("/") { root.removeLast() }
        guard root.hasPrefix("/") else {
            throw HostFailure(message: "The host's storage is misconfigured.", detail: "not an absolute path: \(root)")
        }
        self.root = root
        let longest = "\(root)/vnc/".utf8.count + 36
        guard longest <= Self.socketPathLimit else {
            throw HostFailure(
                message: "The host's storage is misconfigured.",
                detail: "\(root): VNC sockets below it would have paths of \(longest) bytes; "
                    + "the system allows \(Self.socketPathLimit). Choose a shorter state directory.")
        }
    }

    package var images: String { "\(root)/images" }
    package var servers: String { "\(root)/servers" }
    package var records: String { "\(root)/records" }
    /// Of guests that may be frozen, a file each.
    package var freezes: String { "\(root)/freezes" }
    package var vncSockets: String { "\(root)/vnc" }

    /// Whether a name is that of a cached image: a SHA-512 in lower case.
    package static func isImage(_ name: String) -> Bool {
        name.utf8.count == 128
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    package func image(_ sha512: String) throws(HostFailure) -> String {
        guard Self.isImage(sha512) else {
            throw HostFailure(
                message: "The image has no usable checksum.", detail: "not a SHA-512 in lower case: \(sha512)")
        }
        return "\(images)/\(sha512)"
    }

    package func server(_ server: ServerID) throws(HostFailure) -> ServerPaths {
        try check(server)
        return ServerPaths(folder: "\(servers)/\(server)", vncSocket: "\(vncSockets)/\(server)")
    }

    package func record(_ server: ServerID) throws(HostFailure) -> String {
        try check(server)
        return "\(records)/\(server).json"
    }

    private func check(_ server: ServerID) throws(HostFailure) {
        guard server.text.utf8.count == 36, UUIDText.isValid(server.text) else {
            throw HostFailure(message: "The server's id is not a UUID.", detail: "server id \(server)")
        }
    }
}

/// The files of one server.
package struct ServerPaths: Sendable, Equatable {
    package let folder: String
    package let vncSocket: String

    package var consoleLog: String { "\(folder)/console.log" }
    /// What the log daemon makes of `consoleLog` when it grows too long.
    package var olderConsoleLog: String { "\(folder)/console.log.0" }
    /// Names the cached images this server needs, one a line, so that they are not evicted.
    package var imageReference: String { "\(folder)/image" }

    static let copyPrefix = "copy-"
    private static let diskSuffixes = [".qcow2", ".raw", ".iso"]

    /// Whether a file of the folder is a disk, and no copy of one on its way to an image.
    static func isDisk(_ name: String) -> Bool {
        diskSuffixes.contains { name.hasSuffix($0) } && !name.hasPrefix(copyPrefix)
            && !name.hasPrefix(StoragePaths.temporaryPrefix)
    }

    /// The copy of a disk that was made for a command. Commands are known by UUIDs.
    func copy(for command: HostCommandID) -> String { "\(folder)/\(Self.copyPrefix)\(command).qcow2" }
    func note(ofCopyFor command: HostCommandID) -> String { "\(folder)/\(Self.copyPrefix)\(command).json" }

    package func overlay(_ disk: String) throws(HostFailure) -> String { "\(folder)/\(try Self.name(disk)).qcow2" }
    package func blank(_ disk: String) throws(HostFailure) -> String { "\(folder)/\(try Self.name(disk)).raw" }
    package func configDrive(_ disk: String) throws(HostFailure) -> String { "\(folder)/\(try Self.name(disk)).iso" }

    private static let nameBytes = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)

    private static func name(_ disk: String) throws(HostFailure) -> String {
        guard (1...64).contains(disk.utf8.count), disk.utf8.allSatisfy({ nameBytes.contains($0) }) else {
            throw HostFailure(
                message: "A disk of the server has no usable name.",
                detail: "'\(disk.prefix(80))' is not 1 to 64 lower-case letters, digits and dashes")
        }
        return disk
    }
}
