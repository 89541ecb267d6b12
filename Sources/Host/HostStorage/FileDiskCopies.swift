import Foundation
package import HostProtocol
package import Hypervisor
package import Model
import Threads

/// Copies of servers' disks: files in the servers' folders, one at most in each.
extension FileHostStorage {
    /// What a host keeps free for all else that is on its disk.
    private static let reserveBytes: Int64 = 1 << 30
    private static let closingPatience = Duration.seconds(60)

    package func beginCopy(
        of disk: DomainSpec.Disk, for command: HostCommandID, of server: ServerID
    ) async throws -> String {
        let files = try paths.server(server)
        return try await io.run {
            try Self.removeCopies(in: files.folder, but: command)
            let chain = [disk.path] + [disk.backing?.path].compactMap { $0 }
            let needed = try chain.reduce(0) { try $0 + PosixFile.allocatedBytes($1) }
            let free = try PosixFile.freeBytes(files.folder) - Self.reserveBytes
            guard needed <= free else {
                throw HostFailure(
                    message: "The host has no room for a copy of the server's disk.",
                    detail: "up to \(needed) bytes are needed in \(files.folder), where \(max(0, free)) are free")
            }
            return PosixFile.temporaryName(beside: files.copy(for: command))
        }
    }

    package func copyAtRest(_ disk: DomainSpec.Disk, to path: String) async throws {
        try await DiskCommands.flatten(disk.path, format: disk.format, to: path).run()
    }

    package func keepCopy(
        _ path: String, _ report: SnapshotReport, boot: String, for command: HostCommandID, of server: ServerID
    ) async throws -> DiskCopy {
        let files = try paths.server(server)
        try await proveWhole(path)
        return try await io.run {
            let copy = DiskCopy(
                path: files.copy(for: command), size: try PosixFile.size(path), boot: boot, report: report)
            try PosixFile.rename(path, to: copy.path)
            try PosixFile.replace(files.note(ofCopyFor: command), with: Array(try JSONEncoder().encode(copy)))
            return copy
        }
    }

    /// libvirt says that a backup job has ended before QEMU has closed the file and written the last of its tables. As
    /// long as it is open QEMU holds a lock on it, and `qemu-img` does not get its own.
    private func proveWhole(_ path: String) async throws {
        let end = ContinuousClock.now + Self.closingPatience
        while true {
            do {
                return try await DiskCommands.check(path).run()
            } catch let failure as HostFailure where failure.detail.contains("lock") && ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    package func copy(for command: HostCommandID, of server: ServerID, boot: String) async throws -> DiskCopy? {
        let path = try paths.server(server).note(ofCopyFor: command)
        return try await io.run {
            let note = try PosixFile.read(path, at: 0, count: 1 << 16)
            if note.isEmpty { return nil }
            let copy: DiskCopy
            do {
                copy = try JSONDecoder().decode(DiskCopy.self, from: Data(note))
            } catch {
                throw HostFailure(message: "The host's records cannot be read.", detail: "\(path): \(error)")
            }
            guard copy.boot == boot, try PosixFile.size(copy.path) == copy.size else { return nil }
            return copy
        }
    }

    package func read(_ copy: DiskCopy, at offset: Int64, count: Int) async throws -> [UInt8] {
        try await io.run { try PosixFile.read(copy.path, at: offset, count: count) }
    }

    package func removeCopies(of server: ServerID) async throws {
        let folder = try paths.server(server).folder
        try await io.run { try Self.removeCopies(in: folder, but: nil) }
    }

    private static func removeCopies(in folder: String, but command: HostCommandID?) throws {
        guard try PosixFile.exists(folder) else { return }
        let isCopy = { (name: String) in
            name.hasPrefix(ServerPaths.copyPrefix)
                || name.hasPrefix(StoragePaths.temporaryPrefix + ServerPaths.copyPrefix)
        }
        for name in try PosixFile.names(in: folder) where isCopy(name) {
            if let command, name.hasPrefix(ServerPaths.copyPrefix + command.text) { continue }
            try PosixFile.removeTree("\(folder)/\(name)")
        }
    }

    package func noteFreeze(of server: ServerID, _ isOwed: Bool) async throws {
        let path = "\(paths.freezes)/\(server)"
        try await io.run {
            if isOwed { try PosixFile.replace(path, with: []) } else { try PosixFile.removeTree(path) }
        }
    }

    package func notedFreezes() async throws -> Set<ServerID> {
        let folder = paths.freezes
        return try await io.run { Set(try PosixFile.names(in: folder).filter(UUIDText.isValid).map { ServerID($0) }) }
    }
}
