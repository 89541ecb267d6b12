package import HostProtocol
package import Hypervisor
package import Model
import Synchronization

/// Storage without a disk, for the simulated cloud: constant time and a few hundred bytes for each server.
///
/// Paths are as they would be, under `/simulated`, and nothing is there. Images and config drives are not fetched,
/// unless `readsContent` asks for it.
package final class SimulatedStorage: HostStorage {
    private struct State {
        var prepared: [ServerID: [GuestDisk]] = [:]
        var records: [ServerID: ServerRecord] = [:]
        var prepareFailures: [ServerID: HostFailure] = [:]
        var failAllPrepares: HostFailure?
        /// By checksum, with the last use.
        var fetchedImages: [String: ContinuousClock.Instant] = [:]
        var sweeps = 0
        var copies: [ServerID: (command: HostCommandID, copy: DiskCopy)] = [:]
        var freezes: Set<ServerID> = []
    }

    private let state = Mutex(State())
    private let readsContent: Bool

    package init(readsContent: Bool = false) {
        self.readsContent = readsContent
    }

    package func prepare(
        _ desired: DesiredServer,
        imageContent: @Sendable @escaping (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>,
        configDrive: @Sendable @escaping () async throws -> [ConfigDriveFile]
    ) async throws -> PreparedFiles {
        try state.withLock { state in
            if let failure = state.prepareFailures[desired.serverID] ?? state.failAllPrepares { throw failure }
        }
        if readsContent { try await read(desired, imageContent, configDrive) }
        state.withLock { $0.prepared[desired.serverID] = desired.disks }
        return Self.files(desired.serverID, desired.disks)
    }

    package func removeSurplus(_ desired: DesiredServer) async throws {}

    package func remove(_ server: ServerID) async throws {
        state.withLock { state in
            state.prepared[server] = nil
            state.copies[server] = nil
        }
    }

    package func preparedServers() async throws -> Set<ServerID> {
        state.withLock { Set($0.prepared.keys) }
    }

    package func removeUnusedImages(unusedFor age: Duration) async throws -> ImageSweep {
        state.withLock { state in
            state.sweeps += 1
            let needed = Set(state.prepared.values.joined().compactMap(\.image?.sha512))
            let old = state.fetchedImages.filter { !needed.contains($0.key) && $0.value.duration(to: .now) >= age }
            for name in old.keys { state.fetchedImages[name] = nil }
            return ImageSweep(removed: old.keys.sorted())
        }
    }

    package func consoleSize(_ server: ServerID) async throws -> Int64? { nil }

    package func consoleTail(_ server: ServerID, maxBytes: Int) async throws -> [UInt8] {
        guard state.withLock({ $0.prepared[server] != nil }) else { return [] }
        let log = [
            "[    0.000000] simulated guest", "[    0.100000] server \(server)", "[    0.200000] virtio_net eth0: up",
            "[    0.300000] EXT4-fs (vda1): mounted", "[    0.400000] metadata: read", "", "simulated guest ttyS0", "",
            "login: ",
        ]
        // As a serial line sends it.
        return Array(log.joined(separator: "\r\n").utf8.suffix(max(0, maxBytes)))
    }

    package func beginCopy(
        of disk: DomainSpec.Disk, for command: HostCommandID, of server: ServerID
    ) async throws -> String {
        state.withLock { state in
            if state.copies[server]?.command != command { state.copies[server] = nil }
        }
        return "/simulated/servers/\(server)/copy-\(command)"
    }

    package func copyAtRest(_ disk: DomainSpec.Disk, to path: String) async throws {}

    package func keepCopy(
        _ path: String, _ report: SnapshotReport, boot: String, for command: HostCommandID, of server: ServerID
    ) async throws -> DiskCopy {
        let copy = DiskCopy(path: path, size: Int64(Self.copied.count), boot: boot, report: report)
        state.withLock { $0.copies[server] = (command, copy) }
        return copy
    }

    /// What is on every disk.
    private static let copied = BlankImage.qcow2(size: 1 << 30)

    package func copy(for command: HostCommandID, of server: ServerID, boot: String) async throws -> DiskCopy? {
        state.withLock { state in
            state.copies[server].flatMap { $0.command == command && $0.copy.boot == boot ? $0.copy : nil }
        }
    }

    package func read(_ copy: DiskCopy, at offset: Int64, count: Int) async throws -> [UInt8] {
        Array(Self.copied.dropFirst(Int(offset)).prefix(count))
    }

    package func removeCopies(of server: ServerID) async throws {
        state.withLock { $0.copies[server] = nil }
    }

    package func noteFreeze(of server: ServerID, _ isOwed: Bool) async throws {
        state.withLock { state in
            if isOwed { state.freezes.insert(server) } else { state.freezes.remove(server) }
        }
    }

    package func notedFreezes() async throws -> Set<ServerID> {
        state.withLock { $0.freezes }
    }

    package func check() async throws {
        if let failure = state.withLock({ $0.failAllPrepares }) { throw failure }
    }

    package func saveRecord(_ record: ServerRecord) async throws {
        state.withLock { $0.records[record.serverID] = record }
    }

    package func removeRecord(_ server: ServerID) async throws {
        state.withLock { $0.records[server] = nil }
    }

    package func loadRecords() async throws -> [ServerRecord] {
        state.withLock { Array($0.records.values) }
    }

    private func read(
        _ desired: DesiredServer,
        _ imageContent: @Sendable (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>,
        _ configDrive: @Sendable () async throws -> [ConfigDriveFile]
    ) async throws {
        for image in desired.disks.compactMap(\.image) {
            if state.withLock({ $0.fetchedImages[image.sha512] == nil }) {
                for try await _ in try await imageContent(image.id) {}
            }
            state.withLock { $0.fetchedImages[image.sha512] = .now }
        }
        if desired.disks.contains(where: { $0.source == .configDrive }) { _ = try await configDrive() }
    }

    private static func files(_ server: ServerID, _ disks: [GuestDisk]) -> PreparedFiles {
        let folder = "/simulated/servers/\(server)"
        return PreparedFiles(
            disks: disks.map { disk in
                let format = disk.image.map { $0.format == .iso ? "raw" : "qcow2" } ?? "raw"
                return DomainSpec.Disk(
                    disk, path: "\(folder)/\(disk.id)", format: format, isCDROM: disk.image?.format == .iso)
            }, consoleLogPath: "\(folder)/console.log", vncSocketPath: "\(folder)/vnc.sock")
    }
}

/// What tests turn by hand, and what they look at.
extension SimulatedStorage {
    package var cachedImages: Set<String> { state.withLock { Set($0.fetchedImages.keys) } }
    /// How often somebody has asked for unused images to be deleted.
    package var sweepCount: Int { state.withLock { $0.sweeps } }

    /// Makes `prepare` fail, for one server or (`nil`) for all, until it is called again with `nil`.
    package func failPrepare(_ server: ServerID? = nil, with failure: HostFailure?) {
        state.withLock { state in
            if let server { state.prepareFailures[server] = failure } else { state.failAllPrepares = failure }
        }
    }
}
