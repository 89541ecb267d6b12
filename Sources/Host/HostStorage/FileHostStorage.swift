import Foundation
package import HostProtocol
import Hypervisor
package import Model
import Threads

/// The files of servers on this machine, below one directory.
///
/// Each file is made under another name, written through to the disk and renamed, so that whatever has its name is
/// whole and a crash at any point is repaired by asking again.
package final class FileHostStorage: HostStorage {
    let paths: StoragePaths
    /// For calls that wait on a disk.
    let io = BlockingThreads(count: 8, name: "novella.storage")
    private let cache: ImageCache
    private let serverLocks = KeyedLock<ServerID>()
    /// Apart from the locks of files, so that a tombstone is written while an image still comes in.
    private let recordLocks = KeyedLock<ServerID>()

    /// - Parameters:
    ///   - stateDirectory: absolute; everything goes below its `host` folder. Others must be able to pass through it
    ///     (`o+x`), or the hypervisor's own user cannot open its disks.
    ///   - hypervisorUser: makes its VNC sockets in our folder; a name that does not exist is left aside.
    ///   - isShared: another process works on the files: its unfinished ones are left alone.
    /// - Throws: `HostFailure`. Leftovers of a crash are cleared away.
    package init(
        stateDirectory: String, hypervisorUser: String = "libvirt-qemu", isShared: Bool = false
    ) throws {
        paths = try StoragePaths(root: "\(stateDirectory)/host")
        cache = ImageCache(paths: paths, io: io)
        if isShared { return }
        let own = [paths.images, paths.servers, paths.records, paths.freezes]
        for folder in [paths.root] + own + [paths.vncSockets] {
            try PosixFile.makeFolder(folder)
        }
        try PosixFile.chown(paths.vncSockets, toUser: hypervisorUser)
        let servers = try PosixFile.names(in: paths.servers).filter(UUIDText.isValid).map { "\(paths.servers)/\($0)" }
        for folder in own { try Self.clearLeftovers(in: folder) }
        // Names that a process gave which was killed before it could sync them.
        for folder in own + servers { try PosixFile.sync(folder) }
    }

    package func prepare(
        _ desired: DesiredServer,
        imageContent: @Sendable @escaping (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>,
        configDrive: @Sendable @escaping () async throws -> [ConfigDriveFile]
    ) async throws -> PreparedFiles {
        let server = try paths.server(desired.serverID)
        return try await serverLocks.run(desired.serverID) { [self] in
            try await io.run {
                try PosixFile.makeFolder(server.folder)
                try Self.clearLeftovers(in: server.folder)
            }
            let images = desired.disks.compactMap(\.image?.sha512)
            var files: [DomainSpec.Disk] = []
            for disk in desired.disks {
                let file = try DiskPlan.file(of: disk, server, paths)
                switch disk.source {
                case .image(let image):
                    try await make(file, asLargeAs: disk.sizeBytes, of: image, images, server, imageContent)
                case .blank(let format):
                    // The same label on each machine of the server, for guests know the disk by it.
                    let label = String(disk.id.prefix { $0 != "-" })
                    try await makeBlank(file.path, bytes: disk.sizeBytes, DiskCommands.format(format, label: label))
                case .configDrive: try await makeConfigDrive(file.path, configDrive)
                case .copy(let other, let image):
                    let source = image == nil ? try server.blank(other) : try server.overlay(other)
                    try await makeCopy(file, of: source, bytes: disk.sizeBytes, images, server)
                }
                files.append(file)
            }
            return PreparedFiles(
                disks: files, consoleLogPath: server.consoleLog, vncSocketPath: server.vncSocket)
        }
    }

    package func removeSurplus(_ desired: DesiredServer) async throws {
        let server = try paths.server(desired.serverID)
        let wanted = Set(try desired.disks.map { try DiskPlan.file(of: $0, server, paths).path })
        try await serverLocks.run(desired.serverID) { [io] in
            try await io.run {
                for name in try PosixFile.names(in: server.folder) where ServerPaths.isDisk(name) {
                    let path = "\(server.folder)/\(name)"
                    if !wanted.contains(path) { try PosixFile.removeTree(path) }
                }
            }
        }
    }

    package func remove(_ server: ServerID) async throws {
        let files = try paths.server(server)
        try await serverLocks.run(server) { [io] in
            try await io.run {
                try PosixFile.removeTree(files.vncSocket)
                guard try PosixFile.exists(files.folder) else { return }
                // Renamed first: a crash leaves either a whole server or rubbish, never a part.
                let rubbish = PosixFile.temporaryName(beside: files.folder)
                try PosixFile.rename(files.folder, to: rubbish)
                try PosixFile.removeTree(rubbish)
            }
        }
    }

    package func preparedServers() async throws -> Set<ServerID> {
        let folder = paths.servers
        return try await io.run { Set(try PosixFile.names(in: folder).filter(UUIDText.isValid).map { ServerID($0) }) }
    }

    package func consoleTail(_ server: ServerID, maxBytes: Int) async throws -> [UInt8] {
        let files = try paths.server(server)
        return try await io.run {
            let newest = try Self.tail(files.consoleLog, maxBytes)
            let missing = maxBytes - newest.count
            return missing > 0 ? try Self.tail(files.olderConsoleLog, missing) + newest : newest
        }
    }

    package func consoleSize(_ server: ServerID) async throws -> Int64? {
        let path = try paths.server(server).consoleLog
        return try await io.run { try PosixFile.exists(path) ? PosixFile.size(path) : 0 }
    }

    package func check() async throws {
        let path = "\(paths.records)/.check"
        try await io.run { try PosixFile.replace(path, with: []) }
    }

    package func saveRecord(_ record: ServerRecord) async throws {
        let path = try paths.record(record.serverID)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let bytes = Array(try encoder.encode(record))
        try await recordLocks.run(record.serverID) { [io] in
            try await io.run { try PosixFile.replace(path, with: bytes) }
        }
    }

    package func removeRecord(_ server: ServerID) async throws {
        let path = try paths.record(server)
        try await recordLocks.run(server) { [io] in try await io.run { try PosixFile.removeTree(path) } }
    }

    /// - Throws: when a record cannot be read: to go on without it would carry out what is long undone.
    package func loadRecords() async throws -> [ServerRecord] {
        let folder = paths.records
        return try await io.run {
            try PosixFile.names(in: folder).filter { $0.hasSuffix(".json") }.sorted().map { name in
                let path = "\(folder)/\(name)"
                do {
                    return try JSONDecoder().decode(ServerRecord.self, from: Data(contentsOf: URL(filePath: path)))
                } catch {
                    throw HostFailure(message: "The host's records cannot be read.", detail: "\(path): \(error)")
                }
            }
        }
    }

    /// - Throws: when it cannot be told which image a server needs; nothing is deleted then.
    package func removeUnusedImages(unusedFor age: Duration) async throws -> ImageSweep {
        try await cache.removeUnused(for: age) { [self] in
            let servers = try await preparedServers().map { ($0, try paths.server($0).imageReference) }
            return try await io.run { try Set(servers.flatMap { try Self.images(of: $0, namedIn: $1) }) }
        }
    }

    private static func images(of server: ServerID, namedIn path: String) throws -> [String] {
        // A folder without a reference is that of a server whose images are still coming in.
        let bytes = try PosixFile.read(path, at: 0, count: 1 << 16)
        let names = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        if let strange = names.first(where: { !StoragePaths.isImage($0) }) {
            throw HostFailure(
                message: "The images of server \(server) cannot be told, so none is deleted.",
                detail: "\(path) holds '\(strange.prefix(130))', which is no SHA-512")
        }
        return names
    }

    /// The first folder above our files that others cannot pass through, or `nil`: libvirt's guests run as a user of
    /// their own and fail to start when there is one.
    package func closedFolder() throws -> String? {
        var folder = paths.root
        while folder != "/" {
            var info = stat()
            guard stat(folder, &info) == 0 else { throw PosixFile.failure("stat", folder) }
            if info.st_mode & S_IXOTH == 0 { return folder }
            folder = PosixFile.parent(of: folder)
        }
        return nil
    }
}

extension FileHostStorage {
    /// - Parameter images: all that the server needs.
    private func make(
        _ disk: DomainSpec.Disk, asLargeAs bytes: Int64, of image: ImageReference, _ images: [String],
        _ server: ServerPaths, _ content: @escaping ImageCache.Content
    ) async throws {
        if !disk.isCDROM, try await io.run({ try PosixFile.exists(disk.path) }) { return }
        try await cache.withImage(image, content: content) { [io] path, header in
            try await io.run {
                try PosixFile.replace(server.imageReference, with: Array(images.joined(separator: "\n").utf8))
            }
            if header.format == .iso { return }
            let size = try DiskPlan.size(asked: bytes, imageBytes: header.virtualSizeBytes)
            let temporary = PosixFile.temporaryName(beside: disk.path)
            try await DiskCommands.overlay(
                at: temporary, backing: path, backingFormat: header.format, sizeBytes: size
            ).run()
            try await io.run { try PosixFile.commit(temporary, as: disk.path) }
        }
    }

    private func makeBlank(_ path: String, bytes: Int64, _ format: ((String) -> ToolCommand)?) async throws {
        if try await io.run({ try PosixFile.exists(path) }) { return }
        let temporary = PosixFile.temporaryName(beside: path)
        try await io.run { try PosixFile.makeSparse(temporary, bytes: bytes) }
        try await format?(temporary).run()
        try await io.run { try PosixFile.commit(temporary, as: path) }
    }

    /// The copied disk has the same image below it.
    private func makeCopy(
        _ disk: DomainSpec.Disk, of source: String, bytes: Int64, _ images: [String], _ server: ServerPaths
    ) async throws {
        if try await io.run({ try PosixFile.exists(disk.path) }) { return }
        let temporary = PosixFile.temporaryName(beside: disk.path)
        try await DiskCommands.copy(source, to: temporary).run()
        if bytes > 0 { try await DiskCommands.grow(temporary, format: disk.format, to: bytes).run() }
        try await io.run {
            if disk.backing != nil {
                try PosixFile.replace(server.imageReference, with: Array(images.joined(separator: "\n").utf8))
            }
            try PosixFile.commit(temporary, as: disk.path)
        }
    }

    private func makeConfigDrive(
        _ path: String, _ content: @Sendable () async throws -> [ConfigDriveFile]
    ) async throws {
        if try await io.run({ try PosixFile.exists(path) }) { return }
        let files = try await content()
        let folder = PosixFile.temporaryName(beside: path)
        try await io.run { try Self.write(files, below: folder) }
        let temporary = PosixFile.temporaryName(beside: path)
        try await DiskCommands.configDrive(at: temporary, folder: folder).run()
        try await io.run {
            try PosixFile.commit(temporary, as: path)
            try PosixFile.removeTree(folder)
        }
    }

    private static func write(_ files: [ConfigDriveFile], below folder: String) throws {
        try PosixFile.makeDraftFolder(folder)
        for file in files {
            let parts = try DiskPlan.safeComponents(file.path)
            var path = folder
            for part in parts.dropLast() {
                path += "/\(part)"
                try PosixFile.makeDraftFolder(path)
            }
            path += "/\(parts.last ?? "")"
            let descriptor = try PosixFile.create(path)
            defer { close(descriptor) }
            try PosixFile.write(file.content, to: descriptor, path: path)
        }
    }

    private static func clearLeftovers(in folder: String) throws {
        for name in try PosixFile.names(in: folder) where name.hasPrefix(StoragePaths.temporaryPrefix) {
            try PosixFile.removeTree("\(folder)/\(name)")
        }
    }

    private static func tail(_ path: String, _ maxBytes: Int) throws -> [UInt8] {
        let size = try PosixFile.size(path)
        let count = min(Int64(max(0, maxBytes)), size)
        return try PosixFile.read(path, at: size - count, count: Int(count))
    }
}
