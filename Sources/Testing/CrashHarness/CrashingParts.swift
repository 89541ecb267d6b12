import Dataplane
import HostProtocol
import HostStorage
import Hypervisor
import Model
import Store
import Tools

/// A store that may end the process before a transaction and right after its commit.
struct CrashingDatabase: Database {
    let inner: any Database
    let points: CrashPoints
    /// So that a process that is stopped at a point holds no lock of the store's file.
    var turns: Turns?

    var timeStatement: String? { inner.timeStatement }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await inner.read(body)
    }

    @discardableResult
    func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        guard let turns else { return try await points.around("commit") { try await inner.transaction(body) } }
        return try await turns.run { try await points.around("commit") { try await inner.transaction(body) } }
    }

    func close() async throws {
        try await inner.close()
    }
}

/// Lets one in after the other.
actor Turns {
    private var last: Task<Void, Never>?

    func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let before = last
        let turn = Task {
            await before?.value
            return try await body()
        }
        last = Task { _ = await turn.result }
        return try await turn.value
    }
}

/// A hypervisor that may end the process around each verb that changes something.
struct CrashingDriver: HypervisorDriver {
    let inner: any HypervisorDriver
    let points: CrashPoints

    func describe() async throws -> HostInventory { try await inner.describe() }
    func list() async throws -> [ServerID: GuestPower] { try await inner.list() }
    func power(of server: ServerID) async throws -> GuestPower { try await inner.power(of: server) }
    func end(of server: ServerID) async throws -> GuestEnd? { try await inner.end(of: server) }
    func events() -> AsyncStream<PowerEvent> { inner.events() }
    func taps(of server: ServerID) async throws -> Set<String> { try await inner.taps(of: server) }

    func diskErrors(of server: ServerID) async throws -> [String: String] { try await inner.diskErrors(of: server) }

    func disks(of server: ServerID) async throws -> Set<String> { try await inner.disks(of: server) }

    func setDisks(_ spec: DomainSpec) async throws {
        try await points.around("set disks") { try await inner.setDisks(spec) }
    }

    func setNICs(_ spec: DomainSpec, anew taps: Set<String>) async throws {
        try await points.around("set NICs") { try await inner.setNICs(spec, anew: taps) }
    }

    func define(_ spec: DomainSpec) async throws {
        try await points.around("define") { try await inner.define(spec) }
    }

    func start(_ server: ServerID) async throws {
        try await points.around("start") { try await inner.start(server) }
    }

    func stop(_ server: ServerID, graceSeconds: Double) async throws {
        try await points.around("stop") { try await inner.stop(server, graceSeconds: graceSeconds) }
    }

    func pause(_ server: ServerID) async throws {
        try await points.around("pause") { try await inner.pause(server) }
    }

    func unpause(_ server: ServerID) async throws {
        try await points.around("unpause") { try await inner.unpause(server) }
    }

    func suspend(_ server: ServerID) async throws {
        try await points.around("suspend") { try await inner.suspend(server) }
    }

    func rebootSoft(_ server: ServerID, graceSeconds: Double) async throws -> Bool {
        try await points.around("reboot") { try await inner.rebootSoft(server, graceSeconds: graceSeconds) }
    }

    func freeze(_ server: ServerID) async throws -> Frozen {
        try await points.around("freeze") { try await inner.freeze(server) }
    }

    func thaw(_ server: ServerID) async throws -> Int {
        try await points.around("thaw") { try await inner.thaw(server) }
    }

    func changeKeys(_ change: GuestKeyChange, of server: ServerID) async throws {
        try await points.around("change keys") { try await inner.changeKeys(change, of: server) }
    }

    func beginCopy(of disk: String, of server: ServerID, to path: String) async throws {
        try await points.around("begin copy") { try await inner.beginCopy(of: disk, of: server, to: path) }
    }

    func awaitCopy(of server: ServerID, progress: @escaping @Sendable (Int) async -> Void) async throws {
        try await points.around("copy") { try await inner.awaitCopy(of: server, progress: progress) }
    }

    func endCopy(of server: ServerID) async throws {
        try await points.around("end copy") { try await inner.endCopy(of: server) }
    }

    func setPassword(_ password: String, of user: String, in server: ServerID) async throws {
        try await points.around("set password") { try await inner.setPassword(password, of: user, in: server) }
    }

    func injectNMI(_ server: ServerID) async throws {
        try await points.around("interrupt") { try await inner.injectNMI(server) }
    }

    func diagnostics(of server: ServerID) async throws -> GuestDiagnostics {
        try await inner.diagnostics(of: server)
    }

    func carryConsole(_ kind: ConsoleKind, of server: ServerID, _ client: ConsoleEnd) async throws {
        try await inner.carryConsole(kind, of: server, client)
    }

    func undefine(_ server: ServerID) async throws {
        try await points.around("undefine") { try await inner.undefine(server) }
    }
}

/// Files that may end the process around each change, each tool, and between the pieces of an image.
struct CrashingStorage: HostStorage {
    let inner: any HostStorage
    let points: CrashPoints

    func prepare(
        _ desired: DesiredServer,
        imageContent: @Sendable @escaping (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>,
        configDrive: @Sendable @escaping () async throws -> [ConfigDriveFile]
    ) async throws -> PreparedFiles {
        try await points.around("prepare") { [points] in
            try await Tool.$watch.withValue({ points.pass($0) }) {
                try await inner.prepare(
                    desired,
                    imageContent: { id in
                        points.pass("image fetch")
                        return try await imageContent(id)
                    },
                    configDrive: {
                        points.pass("config drive")
                        return try await configDrive()
                    })
            }
        }
    }

    func removeSurplus(_ desired: DesiredServer) async throws {
        try await points.around("remove surplus") { try await inner.removeSurplus(desired) }
    }

    func remove(_ server: ServerID) async throws {
        try await points.around("remove") { try await inner.remove(server) }
    }

    func beginCopy(
        of disk: DomainSpec.Disk, for command: HostCommandID, of server: ServerID
    ) async throws -> String {
        try await points.around("name copy") { try await inner.beginCopy(of: disk, for: command, of: server) }
    }

    func copyAtRest(_ disk: DomainSpec.Disk, to path: String) async throws {
        try await points.around("copy at rest") { [points] in
            try await Tool.$watch.withValue({ points.pass($0) }) { try await inner.copyAtRest(disk, to: path) }
        }
    }

    func keepCopy(
        _ path: String, _ report: SnapshotReport, boot: String, for command: HostCommandID, of server: ServerID
    ) async throws -> DiskCopy {
        try await points.around("keep copy") {
            try await inner.keepCopy(path, report, boot: boot, for: command, of: server)
        }
    }

    func copy(for command: HostCommandID, of server: ServerID, boot: String) async throws -> DiskCopy? {
        try await inner.copy(for: command, of: server, boot: boot)
    }

    func read(_ copy: DiskCopy, at offset: Int64, count: Int) async throws -> [UInt8] {
        points.pass("read copy")
        return try await inner.read(copy, at: offset, count: count)
    }

    func removeCopies(of server: ServerID) async throws {
        try await points.around("remove copies") { try await inner.removeCopies(of: server) }
    }

    func noteFreeze(of server: ServerID, _ isOwed: Bool) async throws {
        try await points.around("note freeze") { try await inner.noteFreeze(of: server, isOwed) }
    }

    func notedFreezes() async throws -> Set<ServerID> { try await inner.notedFreezes() }

    func preparedServers() async throws -> Set<ServerID> { try await inner.preparedServers() }

    func removeUnusedImages(unusedFor age: Duration) async throws -> ImageSweep {
        try await inner.removeUnusedImages(unusedFor: age)
    }

    func consoleSize(_ server: ServerID) async throws -> Int64? { try await inner.consoleSize(server) }

    func consoleTail(_ server: ServerID, maxBytes: Int) async throws -> [UInt8] {
        try await inner.consoleTail(server, maxBytes: maxBytes)
    }

    func check() async throws { try await inner.check() }

    func saveRecord(_ record: ServerRecord) async throws {
        try await points.around("record") { try await inner.saveRecord(record) }
    }

    func removeRecord(_ server: ServerID) async throws { try await inner.removeRecord(server) }
    func loadRecords() async throws -> [ServerRecord] { try await inner.loadRecords() }
}

/// A data plane that may end the process around each pass, and around each tool within it.
struct CrashingDataplane: Dataplane {
    let inner: any Dataplane
    let points: CrashPoints

    var wantsTopology: Bool { inner.wantsTopology }
    func tapName(of port: PortID) -> String { inner.tapName(of: port) }

    func converge(_ topology: NetworkTopology, mending: Bool) async throws -> [DataplaneTrouble] {
        try await points.around("converge") { [points] in
            try await Tool.$watch.withValue({ points.pass($0) }) {
                try await inner.converge(topology, mending: mending)
            }
        }
    }

    func idleTaps() async throws -> Set<String> { try await inner.idleTaps() }

    func differences(from topology: NetworkTopology) async throws -> [String] {
        try await inner.differences(from: topology)
    }

    func destroy() async throws { try await inner.destroy() }
}
