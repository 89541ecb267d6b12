import CLibvirt
import Foundation
package import HostProtocol
package import Hypervisor
package import Logging
package import Model
import Synchronization
import Tools

/// QEMU guests, kept by libvirt. Domains outlive this process; only those of our cloud's tag are ever touched.
package final class LibvirtDriver: HypervisorDriver {
    package struct Configuration: Sendable {
        /// 4 to 8 hexadecimal digits that every domain's name carries.
        package var cloudTag: String
        package var hostname: String
        /// A path on the file system that holds servers' disks, for the host's inventory.
        package var storagePath: String
        package var uri = "qemu:///system"
        /// `nil` looks at the machine.
        package var virtType: VirtType.Kind?
        /// For guests without KVM.
        package var emulatedCPU = "Nehalem"

        package init(cloudTag: String, hostname: String, storagePath: String) {
            self.cloudTag = cloudTag
            self.hostname = hostname
            self.storagePath = storagePath
        }
    }

    package let virtType: VirtType
    let configuration: Configuration
    let names: DomainNames
    let domainXML: DomainXML
    let heard: DomainEvents
    let short: LibvirtConnection
    /// Starting and ending a guest can take seconds, which must not hold up the others.
    let long: LibvirtConnection
    /// Of guests that are or may be frozen.
    let watchdogs = Mutex<[ServerID: Watchdog]>([:])
    /// How many thaws of a guest have found nobody, one after the other.
    let unheard = Mutex<[ServerID: Int]>([:])
    let logger: Logger

    private init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        virtType = VirtType.detect(override: configuration.virtType)
        names = DomainNames(cloudTag: configuration.cloudTag)
        domainXML = DomainXML(
            cloudTag: configuration.cloudTag, virtType: virtType.kind, emulatedCPU: configuration.emulatedCPU)
        let heard = DomainEvents(names: names)
        self.heard = heard
        short = LibvirtConnection(uri: configuration.uri, threads: 3, name: "short") { try heard.listen(on: $0) }
        long = LibvirtConnection(uri: configuration.uri, threads: 4, name: "long")
    }

    /// Connects, and keeps connecting for as long as the driver lives.
    ///
    /// - Throws: `HostFailure` when libvirt is not installed or libvirtd does not answer.
    package static func connect(_ configuration: Configuration, logger: Logger) async throws -> LibvirtDriver {
        let driver = LibvirtDriver(configuration, logger: logger)
        _ = try await driver.short.ensureOpen()
        logger.info(
            "guests run with \(driver.virtType.kind.rawValue)", metadata: ["reason": "\(driver.virtType.reason)"])
        keepConnected(driver)
        return driver
    }

    package func describe() async throws -> HostInventory {
        let version = try await short.run { handle in
            var version: UInt = 0
            do throws(LibvirtError) {
                try handle.call { novella_virt_hypervisor_version(handle.pointer, &version, &$0) }
            } catch {
                throw error.failure("The hypervisor does not tell its version.")
            }
            return Int(version)
        }
        let mebibytes = sysconf(Int32(_SC_PHYS_PAGES)) / 1024 * sysconf(Int32(_SC_PAGESIZE)) / 1024
        return HostInventory(
            hostname: configuration.hostname, vcpus: sysconf(Int32(_SC_NPROCESSORS_ONLN)), memoryMiB: mebibytes,
            diskGiB: try diskGiB(), virtType: "\(virtType.kind.rawValue): \(virtType.reason)", hypervisorType: "QEMU",
            hypervisorVersion: version, cpuArchitecture: "x86_64",
            // Guests without KVM have an emulated CPU, whatever this machine's can do.
            traits: virtType.kind == .kvm ? CPUTraits.names(of: VirtType.cpuFlags()) : [])
    }

    package func list() async throws -> [ServerID: GuestPower] {
        try await short.run { [names] handle in
            final class Found { var domains: [(String, Int32)] = [] }
            let found = Found()
            do throws(LibvirtError) {
                try handle.call { error in
                    novella_virt_list(
                        handle.pointer,
                        { context, name, state in
                            guard let context, let name else { return }
                            Unmanaged<Found>.fromOpaque(context).takeUnretainedValue()
                                .domains.append((String(cString: name), state))
                        }, Unmanaged.passUnretained(found).toOpaque(), &error)
                }
            } catch {
                throw error.failure("The hypervisor could not list the servers.")
            }
            return withExtendedLifetime(found) {
                found.domains.reduce(into: [:]) { result, domain in
                    if let server = names.server(of: domain.0) { result[server] = DomainState.power(domain.1) }
                }
            }
        }
    }

    package func power(of server: ServerID) async throws -> GuestPower {
        try await state(of: server).map { DomainState.power($0.state) } ?? .absent
    }

    package func end(of server: ServerID) async throws -> GuestEnd? {
        try await state(of: server).flatMap { DomainState.end($0.state, reason: $0.reason) }
    }

    /// libvirt's numbers; `nil` of a domain that is not there.
    private func state(of server: ServerID) async throws -> (state: Int32, reason: Int32)? {
        let name = names.name(of: server)
        return try await short.run { handle in
            var (state, reason): (Int32, Int32) = (0, 0)
            do throws(LibvirtError) {
                try handle.call { novella_virt_state(handle.pointer, name, &state, &reason, &$0) }
            } catch {
                guard error.isNoDomain else { throw error.failure("The hypervisor could not tell the server's power.") }
                return nil
            }
            return (state, reason)
        }
    }

    package func define(_ spec: DomainSpec) async throws {
        let xml = try domainXML.render(spec)
        try await short.run { handle in
            do throws(LibvirtError) {
                try handle.call { novella_virt_define(handle.pointer, xml, &$0) }
            } catch {
                throw error.failure("The hypervisor refused the server's definition.")
            }
        }
    }

    package func start(_ server: ServerID) async throws {
        switch try await power(of: server) {
        case .running, .paused: return
        case .absent: throw HostFailure.notDefined(server)
        default: break
        }
        do {
            try await act(NOVELLA_VIRT_CREATE, server)
        } catch let error as LibvirtError {
            if error.isInvalidOperation, try await power(of: server) == .running { return }
            throw error.failure("The hypervisor could not start the server.")
        }
    }

    package func stop(_ server: ServerID, graceSeconds: Double) async throws {
        let before = try await power(of: server)
        if before == .suspended {
            return try await act(NOVELLA_VIRT_FORGET, server, "The hypervisor could not drop the server's memory.")
        }
        guard before.mayBeOn || before == .crashed else { return }
        if graceSeconds > 0, before.mayBeOn {
            let isDown = try await waits(
                for: heard.power.stream(), graceSeconds, asking: NOVELLA_VIRT_SHUTDOWN, server,
                until: { $0.serverID == server && !$0.power.isOn },
                orHolds: { [self] in try await !power(of: server).mayBeOn })
            if isDown { return }
        }
        try await destroy(server)
    }

    package func rebootSoft(_ server: ServerID, graceSeconds: Double) async throws -> Bool {
        guard try await power(of: server) == .running else { return false }
        return try await waits(
            for: heard.restarts.stream(), graceSeconds, asking: NOVELLA_VIRT_REBOOT, server,
            until: { $0 == server }, orHolds: { false })
    }

    package func pause(_ server: ServerID) async throws {
        if try await power(of: server) == .paused { return }
        try await act(NOVELLA_VIRT_PAUSE, server, "The hypervisor could not pause the server.")
    }

    package func unpause(_ server: ServerID) async throws {
        if try await power(of: server) == .running { return }
        try await act(NOVELLA_VIRT_UNPAUSE, server, "The hypervisor could not unpause the server.")
    }

    package func suspend(_ server: ServerID) async throws {
        if try await power(of: server) == .suspended { return }
        try await act(NOVELLA_VIRT_SUSPEND, server, "The hypervisor could not suspend the server.")
    }

    package func undefine(_ server: ServerID) async throws {
        let power = try await power(of: server)
        if power == .absent { return }
        if power != .shutdown, power != .suspended { try await destroy(server) }
        do {
            try await act(NOVELLA_VIRT_UNDEFINE, server)
        } catch let error as LibvirtError {
            if !error.isNoDomain { throw error.failure("The hypervisor could not take the server away.") }
        }
    }

    package func events() -> AsyncStream<PowerEvent> {
        heard.power.stream()
    }
}

extension LibvirtDriver {
    private static let askAgainAfter = 5.0

    private func act(_ action: novella_virt_action, _ server: ServerID) async throws {
        let name = names.name(of: server)
        try await long.run { handle in
            try handle.call { novella_virt_act(handle.pointer, name, action, &$0) }
        }
    }

    /// With what to tell the user when it fails.
    func act(_ action: novella_virt_action, _ server: ServerID, _ message: String) async throws {
        do {
            try await act(action, server)
        } catch let error as LibvirtError {
            throw error.failure(message)
        }
    }

    private func destroy(_ server: ServerID) async throws {
        do {
            try await act(NOVELLA_VIRT_DESTROY, server)
        } catch let error as LibvirtError {
            guard error.isNoDomain || error.isInvalidOperation else {
                throw error.failure("The hypervisor could not stop the server.")
            }
        }
    }

    /// Presses the power button, again every few seconds since a guest that still boots does not hear it, until an
    /// event comes, or the condition holds (an event may be lost with a connection), or the time is over: `false`.
    private func waits<Event: Sendable>(
        for events: AsyncStream<Event>, _ graceSeconds: Double, asking action: novella_virt_action,
        _ server: ServerID, until isExpected: @escaping @Sendable (Event) -> Bool,
        orHolds holds: @escaping @Sendable () async throws -> Bool
    ) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await event in events where isExpected(event) { return true }
                throw CancellationError()
            }
            group.addTask { [self] in
                while true {
                    try await press(action, server)
                    try await Task.sleep(for: .seconds(Self.askAgainAfter))
                    if try await holds() { return true }
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(graceSeconds))
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// A guest that is already down, or going down, needs no button.
    private func press(_ action: novella_virt_action, _ server: ServerID) async throws {
        do {
            try await act(action, server)
        } catch let error as LibvirtError {
            logger.debug("the power button was not pressed: \(error.message)", metadata: ["server": "\(server)"])
        }
    }

    private func diskGiB() throws -> Int {
        var info = statvfs()
        guard statvfs(configuration.storagePath, &info) == 0 else {
            throw HostFailure(
                message: "The host's storage cannot be read.",
                detail: "statvfs \(configuration.storagePath): \(String(cString: strerror(errno)))")
        }
        return Int(info.f_blocks) / 1024 * Int(info.f_frsize) / (1 << 20)
    }

    /// Looks every two seconds whether libvirtd went away, for as long as the driver lives.
    private static func keepConnected(_ driver: LibvirtDriver) {
        Task { [weak driver] in
            var isLost = false
            while let isLostNow = await driver?.reconnect(wasLost: isLost) {
                isLost = isLostNow
                // Only cancellation would end it early, and nothing cancels this task.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// What happened while libvirtd was away is told as if it happened now.
    private func reconnect(wasLost: Bool) async -> Bool {
        do {
            if try await short.ensureOpen() {
                logger.notice("libvirt answers again")
                for (server, power) in try await list() {
                    heard.power.send(PowerEvent(serverID: server, power: power))
                }
            }
            return false
        } catch {
            if !wasLost { logger.warning("libvirt does not answer: \(error)") }
            return true
        }
    }
}

extension GuestPower {
    fileprivate var mayBeOn: Bool { isOn || self == .unknown }
}
