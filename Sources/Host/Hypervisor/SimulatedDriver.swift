package import HostProtocol
package import Model
import Synchronization

/// A hypervisor without guests: it keeps what it was told, in memory, and answers as libvirt would.
///
/// Every verb takes constant time. Tests set its latency, make verbs fail and move guests by hand.
package final class SimulatedDriver: HypervisorDriver {
    package enum Verb: String, Sendable, CaseIterable {
        case describe, list, power, end, define, start, stop, pause, unpause, suspend, rebootSoft, undefine, taps
        case setNICs, diskErrors, disks, setDisks, freeze, thaw, changeKeys, beginCopy, awaitCopy, endCopy, setPassword
        case injectNMI, diagnostics, carryConsole
    }

    struct Guest {
        var spec: DomainSpec
        var power: GuestPower
        /// What the guest runs with; a definition does not change it.
        var runningNICs: [DomainSpec.NIC] = []
        var runningDisks: Set<String> = []
        var ignoresACPI = false
        /// How it was ended the last time.
        var end: GuestEnd?
        var starts = 0
        var reboots = 0
        /// Taps whose NICs were taken out and put in again.
        var pluggedAnew: [String] = []
        var diskErrors: [String: String] = [:]
        var frozen = 0
        var copied: String?
        var passwords: [String: String] = [:]
        var interrupts = 0
        /// By user.
        var keys: [String: [String]] = [:]
    }

    struct Fault {
        var failure: HostFailure
        /// `nil` fails until it is taken back.
        var remaining: Int?
    }

    struct FaultKey: Hashable {
        var verb: Verb
        var server: ServerID?
    }

    struct State {
        var guests: [ServerID: Guest] = [:]
        var faults: [FaultKey: Fault] = [:]
        var latency: [Verb: Duration] = [:]
        var calls: [Verb: Int] = [:]
        var guestsIgnoreACPI = false
    }

    let state = Mutex(State())
    private let hub = Broadcast<PowerEvent>()
    private let inventory: HostInventory

    package init(inventory: HostInventory) {
        self.inventory = inventory
    }

    /// A host of 64 vCPUs, 256 GiB of memory and 2,000 GiB of disk.
    package convenience init(hostname: String = "simulated-1") {
        self.init(
            inventory: HostInventory(
                hostname: hostname, vcpus: 64, memoryMiB: 262_144, diskGiB: 2000,
                virtType: "simulated: no guest runs", hypervisorType: "simulated", hypervisorVersion: 1_000_000,
                cpuArchitecture: "x86_64"))
    }

    package func describe() async throws -> HostInventory {
        try await enter(.describe, nil)
        return inventory
    }

    package func list() async throws -> [ServerID: GuestPower] {
        try await enter(.list, nil)
        return state.withLock { $0.guests.mapValues(\.power) }
    }

    package func power(of server: ServerID) async throws -> GuestPower {
        try await enter(.power, server)
        return state.withLock { $0.guests[server]?.power ?? .absent }
    }

    package func end(of server: ServerID) async throws -> GuestEnd? {
        try await enter(.end, server)
        return state.withLock { state in
            state.guests[server].flatMap { $0.power == .shutdown || $0.power == .crashed ? $0.end : nil }
        }
    }

    package func define(_ spec: DomainSpec) async throws {
        try await enter(.define, spec.serverID)
        state.withLock { state in
            let deaf = state.guestsIgnoreACPI
            state.guests[spec.serverID, default: Guest(spec: spec, power: .shutdown, ignoresACPI: deaf)].spec = spec
        }
    }

    package func start(_ server: ServerID) async throws {
        try await enter(.start, server)
        let started = try state.withLock { state in
            guard var guest = state.guests[server] else { throw HostFailure.notDefined(server) }
            guard !guest.power.isOn else { return false }
            if guest.power != .suspended {
                guest.runningNICs = guest.spec.nics
                guest.runningDisks = Set(guest.spec.disks.map(\.id))
                guest.starts += 1
            }
            guest.power = .running
            state.guests[server] = guest
            return true
        }
        if started { hub.send(PowerEvent(serverID: server, power: .running)) }
    }

    package func stop(_ server: ServerID, graceSeconds: Double) async throws {
        try await enter(.stop, server)
        let deaf = state.withLock { state in
            state.guests[server].map { $0.ignoresACPI && $0.power == .running } ?? false
        }
        if deaf && graceSeconds > 0 { try await Task.sleep(for: .seconds(graceSeconds)) }
        let end: GuestEnd = graceSeconds > 0 && !deaf ? .poweredOff : .destroyed
        move(server, from: [.running, .paused, .crashed, .suspended], to: .shutdown, end)
    }

    package func pause(_ server: ServerID) async throws {
        try await enter(.pause, server)
        move(server, from: [.running], to: .paused)
    }

    package func unpause(_ server: ServerID) async throws {
        try await enter(.unpause, server)
        move(server, from: [.paused], to: .running)
    }

    package func suspend(_ server: ServerID) async throws {
        try await enter(.suspend, server)
        move(server, from: [.running, .paused], to: .suspended)
    }

    package func rebootSoft(_ server: ServerID, graceSeconds: Double) async throws -> Bool {
        try await enter(.rebootSoft, server)
        let (running, deaf) = state.withLock { state in
            (state.guests[server]?.power == .running, state.guests[server]?.ignoresACPI ?? false)
        }
        guard running else { return false }
        if deaf {
            try await Task.sleep(for: .seconds(graceSeconds))
            return false
        }
        state.withLock { $0.guests[server]?.reboots += 1 }
        return true
    }

    package func undefine(_ server: ServerID) async throws {
        try await enter(.undefine, server)
        if state.withLock({ $0.guests.removeValue(forKey: server) != nil }) {
            hub.send(PowerEvent(serverID: server, power: .absent))
        }
    }

    package func taps(of server: ServerID) async throws -> Set<String> {
        try await enter(.taps, server)
        return state.withLock { state in
            guard let guest = state.guests[server], guest.power.isOn else { return [] }
            return Set(guest.runningNICs.map(\.tapName))
        }
    }

    package func setNICs(_ spec: DomainSpec, anew taps: Set<String>) async throws {
        try await enter(.setNICs, spec.serverID)
        state.withLock { state in
            guard let guest = state.guests[spec.serverID], guest.power.isOn else { return }
            state.guests[spec.serverID]?.pluggedAnew += guest.runningNICs.map(\.tapName).filter { taps.contains($0) }
            state.guests[spec.serverID]?.runningNICs = spec.nics
            state.guests[spec.serverID]?.spec = spec
        }
    }

    package func diskErrors(of server: ServerID) async throws -> [String: String] {
        try await enter(.diskErrors, server)
        return state.withLock { $0.guests[server]?.diskErrors ?? [:] }
    }

    package func disks(of server: ServerID) async throws -> Set<String> {
        try await enter(.disks, server)
        return state.withLock { state in
            state.guests[server].map { $0.power.isOn ? $0.runningDisks : [] } ?? []
        }
    }

    package func setDisks(_ spec: DomainSpec) async throws {
        try await enter(.setDisks, spec.serverID)
        state.withLock { state in
            guard state.guests[spec.serverID]?.power.isOn == true else { return }
            state.guests[spec.serverID]?.runningDisks = Set(spec.disks.map(\.id))
            state.guests[spec.serverID]?.spec = spec
        }
    }

    /// A guest has one file system, and an agent where its image says so.
    package func freeze(_ server: ServerID) async throws -> Frozen {
        try await enter(.freeze, server)
        return try state.withLock { state in
            guard state.guests[server]?.power == .running, state.guests[server]?.spec.hardware.wantsGuestAgent == true
            else { throw HostFailure(message: "The server's guest agent does not answer.", detail: "\(server)") }
            state.guests[server]?.frozen = 1
            return Frozen(fileSystems: 1, since: .now)
        }
    }

    package func thaw(_ server: ServerID) async throws -> Int {
        try await enter(.thaw, server)
        return state.withLock { state in
            defer { state.guests[server]?.frozen = 0 }
            return state.guests[server]?.frozen ?? 0
        }
    }

    package func changeKeys(_ change: GuestKeyChange, of server: ServerID) async throws {
        try await enter(.changeKeys, server)
        try state.withLock { state in
            guard state.guests[server]?.power == .running, state.guests[server]?.spec.hardware.wantsGuestAgent == true
            else { throw HostFailure(message: "The server's guest agent does not answer.", detail: "\(server)") }
            let known = state.guests[server]?.keys[change.user] ?? []
            let gone = Set(change.lines.flatMap { GuestKeyChange.lines(known, of: $0) })
            let added = change.isRemoval ? [] : change.lines
            state.guests[server]?.keys[change.user] = known.filter { !gone.contains($0) } + added
        }
    }

    package func beginCopy(of disk: String, of server: ServerID, to path: String) async throws {
        try await enter(.beginCopy, server)
        try state.withLock { state in
            guard let guest = state.guests[server], guest.power.isOn, guest.runningDisks.contains(disk),
                guest.copied == nil
            else { throw HostFailure(message: "The server's disk cannot be copied.", detail: "\(server) \(disk)") }
            state.guests[server]?.copied = disk
        }
    }

    package func awaitCopy(
        of server: ServerID, progress: @escaping @Sendable (Int) async -> Void
    ) async throws {
        await progress(0)
        try await enter(.awaitCopy, server)
        try state.withLock { state in
            guard let guest = state.guests[server], guest.power.isOn, guest.copied != nil else {
                throw HostFailure(message: "The server went off while its disk was copied.", detail: "\(server)")
            }
            state.guests[server]?.copied = nil
        }
    }

    package func endCopy(of server: ServerID) async throws {
        try await enter(.endCopy, server)
        state.withLock { $0.guests[server]?.copied = nil }
    }

    package func setPassword(_ password: String, of user: String, in server: ServerID) async throws {
        try await enter(.setPassword, server)
        try state.withLock { state in
            guard let guest = state.guests[server], guest.power == .running, guest.spec.hardware.wantsGuestAgent else {
                throw HostFailure(message: "The server's guest agent does not answer.", detail: "\(server)")
            }
            state.guests[server]?.passwords[user] = password
        }
    }

    package func injectNMI(_ server: ServerID) async throws {
        try await enter(.injectNMI, server)
        try state.withLock { state in
            guard state.guests[server]?.power.isOn == true else { throw HostFailure.isOff(server) }
            state.guests[server]?.interrupts += 1
        }
    }

    /// Nothing is counted but what there is.
    package func diagnostics(of server: ServerID) async throws -> GuestDiagnostics {
        try await enter(.diagnostics, server)
        return try state.withLock { state in
            guard let guest = state.guests[server], guest.power.isOn else { throw HostFailure.isOff(server) }
            var found = GuestDiagnostics(power: guest.power, hypervisor: "simulated")
            found.cpus = (0..<guest.spec.hardware.vcpus).map { .init(id: $0, nanoseconds: 0) }
            found.nics = guest.runningNICs.map { .init(tap: $0.tapName, macAddress: $0.macAddress) }
            found.disks = guest.runningDisks.sorted().map { .init(target: $0) }
            found.maximumMemoryKiB = Int64(guest.spec.hardware.memoryMiB) << 10
            found.memoryKiB = found.maximumMemoryKiB
            return found
        }
    }

    package func carryConsole(_ kind: ConsoleKind, of server: ServerID, _ client: ConsoleEnd) async throws {
        let changes = hub.stream()
        try await enter(.carryConsole, server)
        guard state.withLock({ $0.guests[server]?.power.isOn == true }) else { throw HostFailure.isOff(server) }
        let guest = EchoingGuest(kind)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await change in changes where change.serverID == server && !change.power.isOn { guest.end() }
            }
            defer { group.cancelAll() }
            try await ConsoleCarrier.carry(
                kind, from: guest.said, to: { guest.hear($0) }, endGuest: { guest.end() }, client)
        }
    }

    package func events() -> AsyncStream<PowerEvent> {
        hub.stream()
    }

    func move(
        _ server: ServerID, from: [GuestPower], to power: GuestPower, _ end: GuestEnd? = nil
    ) {
        let moved = state.withLock { state in
            guard let before = state.guests[server]?.power, from.contains(before) else { return false }
            state.guests[server]?.power = power
            state.guests[server]?.end = end
            if !power.isOn {
                state.guests[server]?.frozen = 0
                state.guests[server]?.copied = nil
            }
            return true
        }
        if moved { hub.send(PowerEvent(serverID: server, power: power)) }
    }

    func enter(_ verb: Verb, _ server: ServerID?) async throws {
        if let latency = state.withLock({ $0.latency[verb] }), latency > .zero { try await Task.sleep(for: latency) }
        try state.withLock { state in
            state.calls[verb, default: 0] += 1
            for key in [FaultKey(verb: verb, server: server), FaultKey(verb: verb, server: nil)] {
                guard let fault = state.faults[key] else { continue }
                if let remaining = fault.remaining {
                    state.faults[key] = remaining > 1 ? Fault(failure: fault.failure, remaining: remaining - 1) : nil
                }
                throw fault.failure
            }
        }
    }
}
