import Foundation
import HostProtocol
import HostStorage
import Hypervisor
import Model

/// A hypervisor whose guests are files, so that they outlive the process as real guests do; whatever has the name is
/// whole.
struct FileHypervisor: HypervisorDriver {
    private struct Guest: Codable {
        var power: GuestPower
        /// What it starts with, and what it runs with.
        var definedTaps: Set<String>
        var taps: Set<String> = []
        var definedDisks: Set<String> = []
        var disks: Set<String> = []
        /// How many of its file systems stand still.
        var frozen = 0
        /// The file into which a disk is copied.
        var copy: String?
        /// Of its one user.
        var keys: [String] = []
    }

    private let folder: String
    private let hostname: String

    init(folder: String, hostname: String) throws {
        self.folder = folder
        self.hostname = hostname
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func path(_ server: ServerID) -> String { "\(folder)/\(server)" }

    private func write(_ guest: Guest, of server: ServerID) throws {
        try JSONEncoder().encode(guest).write(to: URL(filePath: path(server)), options: .atomic)
    }

    private func read(_ server: ServerID) throws -> Guest? {
        try FileManager.default.contents(atPath: path(server)).map { try JSONDecoder().decode(Guest.self, from: $0) }
    }

    private func change(_ server: ServerID, _ body: (inout Guest) -> Void) throws {
        guard var guest = try read(server) else { return }
        body(&guest)
        try write(guest, of: server)
    }

    func describe() async throws -> HostInventory {
        HostInventory(
            hostname: hostname, vcpus: 64, memoryMiB: 262_144, diskGiB: 2000, virtType: "simulated: no guest runs",
            hypervisorType: "simulated", hypervisorVersion: 1_000_000, cpuArchitecture: "x86_64")
    }

    func list() async throws -> [ServerID: GuestPower] {
        let servers = try FileManager.default.contentsOfDirectory(atPath: folder).filter(UUIDText.isValid)
            .map { ServerID($0) }
        return Dictionary(uniqueKeysWithValues: try servers.map { ($0, try read($0)?.power ?? .absent) })
    }

    func power(of server: ServerID) async throws -> GuestPower { try read(server)?.power ?? .absent }

    func end(of server: ServerID) async throws -> GuestEnd? { nil }

    func define(_ spec: DomainSpec) async throws {
        let taps = Set(spec.nics.map(\.tapName))
        var guest = try read(spec.serverID) ?? Guest(power: .shutdown, definedTaps: taps)
        guest.definedTaps = taps
        guest.definedDisks = Set(spec.disks.map(\.id))
        try write(guest, of: spec.serverID)
    }

    func start(_ server: ServerID) async throws {
        guard try read(server) != nil else { throw HostFailure.notDefined(server) }
        try change(server) { guest in
            if !guest.power.isOn, guest.power != .suspended {
                (guest.taps, guest.disks) = (guest.definedTaps, guest.definedDisks)
            }
            guest.power = .running
        }
    }

    func stop(_ server: ServerID, graceSeconds: Double) async throws {
        try change(server) { guest in
            guest.power = .shutdown
            guest.taps = []
            (guest.frozen, guest.copy) = (0, nil)
        }
    }

    func pause(_ server: ServerID) async throws {
        try change(server) { if $0.power == .running { $0.power = .paused } }
    }

    func unpause(_ server: ServerID) async throws {
        try change(server) { if $0.power == .paused { $0.power = .running } }
    }

    func suspend(_ server: ServerID) async throws {
        try change(server) { if $0.power.isOn { $0.power = .suspended } }
    }

    func carryConsole(_ kind: ConsoleKind, of server: ServerID, _ client: ConsoleEnd) async throws {
        throw HostFailure.isOff(server)
    }

    func rebootSoft(_ server: ServerID, graceSeconds: Double) async throws -> Bool {
        try read(server)?.power == .running
    }

    func undefine(_ server: ServerID) async throws {
        if try read(server) != nil { try FileManager.default.removeItem(atPath: path(server)) }
    }

    func taps(of server: ServerID) async throws -> Set<String> { try read(server)?.taps ?? [] }

    func diskErrors(of server: ServerID) async throws -> [String: String] { [:] }

    func setNICs(_ spec: DomainSpec, anew taps: Set<String>) async throws {
        try change(spec.serverID) { guest in
            if guest.power.isOn { guest.taps = Set(spec.nics.map(\.tapName)) }
        }
    }

    func disks(of server: ServerID) async throws -> Set<String> { try read(server)?.disks ?? [] }

    func setDisks(_ spec: DomainSpec) async throws {
        try change(spec.serverID) { guest in
            if guest.power.isOn { guest.disks = Set(spec.disks.map(\.id)) }
        }
    }

    func freeze(_ server: ServerID) async throws -> Frozen {
        guard try read(server)?.power == .running else { throw HostFailure.notDefined(server) }
        try change(server) { $0.frozen = 1 }
        return Frozen(fileSystems: 1, since: .now)
    }

    func thaw(_ server: ServerID) async throws -> Int {
        let frozen = try read(server)?.frozen ?? 0
        try change(server) { $0.frozen = 0 }
        return frozen
    }

    func changeKeys(_ change: GuestKeyChange, of server: ServerID) async throws {
        guard try read(server)?.power == .running else { throw HostFailure.notDefined(server) }
        try self.change(server) { guest in
            guest.keys = guest.keys.filter { !change.lines.contains($0) } + (change.isRemoval ? [] : change.lines)
        }
    }

    /// Those of all guests.
    func keys() throws -> Set<String> {
        let servers = try FileManager.default.contentsOfDirectory(atPath: folder).filter(UUIDText.isValid)
        return Set(try servers.flatMap { try read(ServerID($0))?.keys ?? [] })
    }

    func beginCopy(of disk: String, of server: ServerID, to path: String) async throws {
        guard let guest = try read(server), guest.power.isOn, guest.copy == nil else {
            throw HostFailure(message: "A copy is under way already.", detail: "\(server)")
        }
        try change(server) { $0.copy = path }
    }

    func awaitCopy(of server: ServerID, progress: @escaping @Sendable (Int) async -> Void) async throws {
        guard let path = try read(server)?.copy else { throw HostFailure.notDefined(server) }
        try Data(BlankImage.qcow2(size: 1 << 30)).write(to: URL(filePath: path))
        try await endCopy(of: server)
    }

    func endCopy(of server: ServerID) async throws {
        try change(server) { $0.copy = nil }
    }

    func setPassword(_ password: String, of user: String, in server: ServerID) async throws {
        guard try read(server)?.power == .running else { throw HostFailure.isOff(server) }
    }

    func injectNMI(_ server: ServerID) async throws {
        guard try read(server)?.power.isOn == true else { throw HostFailure.isOff(server) }
    }

    func diagnostics(of server: ServerID) async throws -> GuestDiagnostics {
        guard let guest = try read(server), guest.power.isOn else { throw HostFailure.isOff(server) }
        return GuestDiagnostics(power: guest.power, hypervisor: "files")
    }

    /// Guests that stand still, or into whose copies somebody still writes.
    func heldUp() throws -> Set<ServerID> {
        let servers = try FileManager.default.contentsOfDirectory(atPath: folder).filter(UUIDText.isValid)
            .map { ServerID($0) }
        return Set(try servers.filter { try read($0).map { $0.frozen > 0 || $0.copy != nil } ?? false })
    }

    func events() -> AsyncStream<PowerEvent> { AsyncStream { _ in } }
}
