import Foundation
import HostProtocol
import HostStorage
import Hypervisor
import Model

/// Disks that are empty files and records that are whole ones, without the tools that make real disks.
struct FileStorage: HostStorage {
    private let disks: String
    private let records: String
    private let freezes: String

    init(folder: String) throws {
        disks = folder + "/disks"
        records = folder + "/records"
        freezes = folder + "/freezes"
        for path in [disks, records, freezes] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    func prepare(
        _ desired: DesiredServer,
        imageContent: @Sendable @escaping (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>,
        configDrive: @Sendable @escaping () async throws -> [ConfigDriveFile]
    ) async throws -> PreparedFiles {
        let root = "\(disks)/\(desired.serverID)"
        if !FileManager.default.fileExists(atPath: root) {
            for image in desired.disks.compactMap(\.image) {
                for try await _ in try await imageContent(image.id) { continue }
            }
            try Data().write(to: URL(filePath: root), options: .atomic)
        }
        return PreparedFiles(
            disks: [DomainSpec.Disk(id: "root", path: root, format: "raw")],
            consoleLogPath: root + ".log", vncSocketPath: root + ".vnc")
    }

    func removeSurplus(_ desired: DesiredServer) async throws {}

    private func copyPath(_ server: ServerID) -> String { "\(disks)/\(server).copy" }
    private func notePath(_ server: ServerID, _ command: HostCommandID) -> String {
        "\(copyPath(server))-\(command)"
    }

    func beginCopy(
        of disk: DomainSpec.Disk, for command: HostCommandID, of server: ServerID
    ) async throws -> String { copyPath(server) }

    func copyAtRest(_ disk: DomainSpec.Disk, to path: String) async throws {
        try Data(BlankImage.qcow2(size: 1 << 30)).write(to: URL(filePath: path))
    }

    func keepCopy(
        _ path: String, _ report: SnapshotReport, boot: String, for command: HostCommandID, of server: ServerID
    ) async throws -> DiskCopy {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
        let copy = DiskCopy(path: path, size: size ?? 0, boot: boot, report: report)
        try JSONEncoder().encode(copy).write(to: URL(filePath: notePath(server, command)), options: .atomic)
        return copy
    }

    func copy(for command: HostCommandID, of server: ServerID, boot: String) async throws -> DiskCopy? {
        try FileManager.default.contents(atPath: notePath(server, command)).map {
            try JSONDecoder().decode(DiskCopy.self, from: $0)
        }
    }

    func read(_ copy: DiskCopy, at offset: Int64, count: Int) async throws -> [UInt8] {
        let file = try FileHandle(forReadingFrom: URL(filePath: copy.path))
        defer { file.closeFile() }
        try file.seek(toOffset: UInt64(offset))
        return Array(try file.read(upToCount: count) ?? Data())
    }

    func removeCopies(of server: ServerID) async throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: disks)
        where name.hasPrefix("\(server).copy") {
            try FileManager.default.removeItem(atPath: "\(disks)/\(name)")
        }
    }

    func noteFreeze(of server: ServerID, _ isOwed: Bool) async throws {
        let path = "\(freezes)/\(server)"
        if isOwed {
            try Data().write(to: URL(filePath: path), options: .atomic)
        } else if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    func notedFreezes() async throws -> Set<ServerID> {
        Set(try FileManager.default.contentsOfDirectory(atPath: freezes).map { ServerID($0) })
    }

    func remove(_ server: ServerID) async throws {
        try await removeCopies(of: server)
        let root = "\(disks)/\(server)"
        if FileManager.default.fileExists(atPath: root) { try FileManager.default.removeItem(atPath: root) }
    }

    func preparedServers() async throws -> Set<ServerID> {
        Set(try FileManager.default.contentsOfDirectory(atPath: disks).filter(UUIDText.isValid).map { ServerID($0) })
    }

    func removeUnusedImages(unusedFor age: Duration) async throws -> ImageSweep { ImageSweep() }

    func consoleSize(_ server: ServerID) async throws -> Int64? { nil }

    func consoleTail(_ server: ServerID, maxBytes: Int) async throws -> [UInt8] { [] }

    func check() async throws {}

    func saveRecord(_ record: ServerRecord) async throws {
        try JSONEncoder().encode(record).write(
            to: URL(filePath: "\(records)/\(record.serverID).json"), options: .atomic)
    }

    func removeRecord(_ server: ServerID) async throws {
        let path = "\(records)/\(server).json"
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    func loadRecords() async throws -> [ServerRecord] {
        try FileManager.default.contentsOfDirectory(atPath: records).filter { $0.hasSuffix(".json") }.map { name in
            try JSONDecoder().decode(
                ServerRecord.self, from: Data(contentsOf: URL(filePath: "\(records)/\(name)")))
        }
    }
}
