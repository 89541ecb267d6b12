import Foundation
import HostProtocol
import HostStorage
import Hypervisor
import Model

/// Disks that are empty files and records that are whole ones, without the tools that make real disks.
struct FileStorage: HostStorage {
    private let disks: String
    private let records: String

    init(folder: String) throws {
        disks = folder + "/disks"
        records = folder + "/records"
        for path in [disks, records] {
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

    func remove(_ server: ServerID) async throws {
        let root = "\(disks)/\(server)"
        if FileManager.default.fileExists(atPath: root) { try FileManager.default.removeItem(atPath: root) }
    }

    func preparedServers() async throws -> Set<ServerID> {
        Set(try FileManager.default.contentsOfDirectory(atPath: disks).filter(UUIDText.isValid).map { ServerID($0) })
    }

    func removeUnusedImages(unusedFor age: Duration) async throws -> ImageSweep { ImageSweep() }

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
