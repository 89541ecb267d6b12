import HostProtocol
package import Hypervisor
package import Model
import Synchronization

package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String
}

/// What every hypervisor driver must do, tried on one. Guests it makes are taken away at the end.
package struct DriverConformance: Sendable {
    private let driver: any HypervisorDriver
    /// A guest that ignores its power button, as one without an operating system does.
    private let makeSpec: @Sendable (ServerID) throws -> DomainSpec
    private let patience: Duration

    package init(
        driver: any HypervisorDriver, patience: Duration = .seconds(20),
        makeSpec: @escaping @Sendable (ServerID) throws -> DomainSpec
    ) {
        self.driver = driver
        self.patience = patience
        self.makeSpec = makeSpec
    }

    package static let checks: [(name: String, run: @Sendable (DriverConformance) async throws -> Void)] = [
        ("a server nobody defined", { try await $0.unknownServer() }),
        ("power verbs, each twice", { try await $0.powerVerbs() }),
        ("a guest is paused, and goes on", { try await $0.pausing() }),
        ("a guest is suspended, and comes back or is dropped", { try await $0.suspending() }),
        ("a definition is replaced", { try await $0.redefinition() }),
        ("a guest that ignores its power button", { try await $0.deafGuest() }),
        ("a running guest is taken away", { try await $0.undefineRunning() }),
        ("NICs come and go", { try await $0.nics() }),
        ("disks come and go", { try await $0.disks() }),
        ("a disk is copied while its guest is on", { try await $0.copying() }),
        ("a guest without an agent is not frozen", { try await $0.freezing() }),
        ("a guest without an agent gets no password", { try await $0.passwords() }),
        ("a guest that is on is interrupted", { try await $0.interrupts() }),
        ("what a guest has is counted", { try await $0.diagnostics() }),
        ("a guest without an agent takes no keys", { try await $0.keys() }),
        ("power changes are told", { try await $0.events() }),
        ("guests do not disturb one another", { try await $0.manyGuests() }),
        ("the machine is described", { try await $0.description() }),
    ]

    private func unknownServer() async throws {
        let server = ServerID.random()
        try await expectPower(server, .absent)
        try await driver.stop(server, graceSeconds: 0)
        try await driver.undefine(server)
        try expect(try await !driver.rebootSoft(server, graceSeconds: 0), "an absent guest restarted")
        do {
            try await driver.start(server)
        } catch is HostFailure {
            return
        }
        throw ConformanceFailure(description: "start of a server that was never defined did not fail")
    }

    private func powerVerbs() async throws {
        try await withGuest { server in
            try await expectPower(server, .shutdown)
            for _ in 0..<2 {
                try await driver.start(server)
                try await expectPower(server, .running)
            }
            for _ in 0..<2 {
                try await driver.stop(server, graceSeconds: 0)
                try await expectPower(server, .shutdown)
                try expect(try await driver.end(of: server) == .destroyed, "who took the power away is not told")
            }
            try expect(try await !driver.rebootSoft(server, graceSeconds: 0), "a guest that is off restarted")
            try await driver.start(server)
            try await expectPower(server, .running)
        }
    }

    private func pausing() async throws {
        try await withGuest { server in
            try await driver.start(server)
            for _ in 0..<2 {
                try await driver.pause(server)
                try await expectPower(server, .paused)
            }
            try await driver.start(server)
            try await expectPower(server, .paused)
            for _ in 0..<2 {
                try await driver.unpause(server)
                try await expectPower(server, .running)
            }
            try await driver.pause(server)
            try await driver.stop(server, graceSeconds: 0)
            try await expectPower(server, .shutdown)
        }
    }

    private func suspending() async throws {
        try await withGuest { server in
            try await driver.start(server)
            for _ in 0..<2 {
                try await driver.suspend(server)
                try await expectPower(server, .suspended)
            }
            try expect(try await driver.list()[server] == .suspended, "a suspended guest is listed otherwise")
            try await expectTaps(server, [])
            try await driver.start(server)
            try await expectPower(server, .running)
            try await expectTaps(server, Set(try makeSpec(server).nics.map(\.tapName)))
            try await driver.suspend(server)
            try await driver.stop(server, graceSeconds: 0)
            try await expectPower(server, .shutdown)
            try await driver.start(server)
            try await driver.suspend(server)
            try await driver.undefine(server)
            try await expectPower(server, .absent)
        }
    }

    private func redefinition() async throws {
        try await withGuest { server in
            var spec = try makeSpec(server)
            spec.hardware.name = "again <&> '\"\u{1}"
            try await driver.define(spec)
            try await expectPower(server, .shutdown)
            try await driver.start(server)
            try await driver.define(spec)
            try await expectPower(server, .running)
        }
    }

    private func deafGuest() async throws {
        try await withGuest { server in
            try await driver.start(server)
            try expect(try await !driver.rebootSoft(server, graceSeconds: 0.2), "a deaf guest restarted")
            try await expectPower(server, .running)
            try await driver.stop(server, graceSeconds: 0.2)
            try await expectPower(server, .shutdown)
        }
    }

    private func undefineRunning() async throws {
        try await withGuest { server in
            try await driver.start(server)
            for _ in 0..<2 {
                try await driver.undefine(server)
                try await expectPower(server, .absent)
            }
            try expect(try await driver.list()[server] == nil, "an absent guest is listed")
        }
    }

    private func nics() async throws {
        try await withGuest { server in
            var spec = try makeSpec(server)
            let taps = Set(spec.nics.map(\.tapName))
            try await driver.setNICs(spec)
            try await expectTaps(server, [])
            try await driver.start(server)
            try await expectTaps(server, taps)
            for _ in 0..<2 {
                try await driver.setNICs(spec)
                try await expectTaps(server, taps)
            }
            try await driver.stop(server, graceSeconds: 0)
            spec.nics = []
            try await driver.define(spec)
            try await driver.start(server)
            try await expectTaps(server, [])
            for _ in 0..<2 {
                try await driver.setNICs(try makeSpec(server))
                try await expectTaps(server, taps)
            }
        }
        try await expectTaps(.random(), [])
    }

    private func disks() async throws {
        try await withGuest { server in
            let spec = try makeSpec(server)
            let own = Set(spec.disks.map(\.id))
            var more = spec
            more.disks += try makeSpec(.random()).disks.prefix(1).map { disk in
                var disk = disk
                (disk.id, disk.bootIndex, disk.serial) = ("data-1", nil, "data-1")
                return disk
            }
            try await driver.setDisks(more)
            try await expectDisks(server, [])
            try await driver.define(spec)
            try await driver.start(server)
            try await expectDisks(server, own)
            for _ in 0..<2 {
                try await driver.setDisks(more)
                try await expectDisks(server, own.union(["data-1"]))
            }
            try await driver.stop(server, graceSeconds: 0)
            try await driver.define(spec)
            try await driver.start(server)
            try await expectDisks(server, own)
        }
        try await expectDisks(.random(), [])
    }

    private func copying() async throws {
        try await withGuest { server in
            let disk = try makeSpec(server).disks[0]
            let path = disk.path + ".copy"
            try await driver.endCopy(of: server)
            try await driver.start(server)
            for end in [GuestPower.running, .paused] {
                if end == .paused { try await driver.pause(server) }
                try await driver.beginCopy(of: disk.id, of: server, to: "\(path)-\(end)")
                try await driver.awaitCopy(of: server) { _ in }
                try await expectPower(server, end)
                try await driver.endCopy(of: server)
            }
            // One that is ended makes room for the next.
            try await driver.beginCopy(of: disk.id, of: server, to: path + "-2")
            try await driver.endCopy(of: server)
            try await driver.beginCopy(of: disk.id, of: server, to: path + "-3")
            try await driver.stop(server, graceSeconds: 0)
            do {
                try await driver.awaitCopy(of: server) { _ in }
            } catch is HostFailure {
                return
            }
            throw ConformanceFailure(description: "a copy of a guest that went off was called whole")
        }
    }

    private func freezing() async throws {
        try await withGuest { server in
            try expect(try await driver.thaw(server) == 0, "a guest that is off was frozen")
            try await driver.start(server)
            do {
                _ = try await driver.freeze(server)
            } catch is HostFailure {
                return
            }
            throw ConformanceFailure(description: "a guest without an agent was frozen")
        }
    }

    private func passwords() async throws {
        try await withGuest { server in
            try await driver.start(server)
            try await expectFailure("a password was set without an agent") {
                try await driver.setPassword("secret", of: "root", in: server)
            }
        }
    }

    private func interrupts() async throws {
        try await withGuest { server in
            try await expectFailure("a guest that is off was interrupted") { try await driver.injectNMI(server) }
            try await driver.start(server)
            try await driver.injectNMI(server)
            try await driver.pause(server)
            try await driver.injectNMI(server)
            try await expectPower(server, .paused)
        }
    }

    private func diagnostics() async throws {
        try await withGuest { server in
            try await expectFailure("a guest that is off was looked at") {
                _ = try await driver.diagnostics(of: server)
            }
            try await driver.start(server)
            let (spec, found) = (try makeSpec(server), try await driver.diagnostics(of: server))
            try expect(found.power == .running && found.cpus.count == spec.hardware.vcpus, "\(found)")
            try expect(found.maximumMemoryKiB == Int64(spec.hardware.memoryMiB) << 10, "\(found)")
            try expect(found.nics.map(\.tap) == spec.nics.map(\.tapName), "\(found)")
            try expect(found.nics.map(\.macAddress) == spec.nics.map(\.macAddress), "\(found)")
            try expect(found.disks.count == spec.disks.count, "\(found)")
        }
    }

    private func expectFailure(_ otherwise: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch is HostFailure {
            return
        }
        throw ConformanceFailure(description: otherwise)
    }

    private func expectDisks(_ server: ServerID, _ disks: Set<String>, line: Int = #line) async throws {
        let found = try await driver.disks(of: server)
        try expect(found == disks, "line \(line): it has the disks \(found.sorted()), not \(disks.sorted())")
    }

    private func keys() async throws {
        let change = GuestKeyChange(user: "root", lines: ["ssh-ed25519 AAAA me"], isRemoval: false)
        try await withGuest { server in
            for isOn in [false, true] {
                if isOn { try await driver.start(server) }
                do {
                    try await driver.changeKeys(change, of: server)
                } catch is HostFailure {
                    continue
                }
                throw ConformanceFailure(description: "a guest without an agent took a key")
            }
        }
    }

    private func events() async throws {
        let stream = driver.events()
        let server = ServerID.random()
        try await driver.define(try makeSpec(server))
        try await driver.start(server)
        try await driver.stop(server, graceSeconds: 0)
        try await driver.undefine(server)
        let last = try await withThrowingTaskGroup(of: [GuestPower].self) { group in
            group.addTask {
                var seen: [GuestPower] = []
                for await event in stream where event.serverID == server {
                    if seen.last != event.power { seen.append(event.power) }
                    if event.power == .absent { break }
                }
                return seen
            }
            group.addTask { [patience] in
                try await Task.sleep(for: patience)
                return []
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
        try expect(last == [.running, .shutdown, .absent], "the events were \(last.map(\.rawValue))")
    }

    private func manyGuests() async throws {
        let servers = (0..<3).map { _ in ServerID.random() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers {
                group.addTask {
                    try await driver.define(try makeSpec(server))
                    try await driver.start(server)
                }
            }
            try await group.waitForAll()
        }
        let list = try await driver.list()
        try await driver.stop(servers[0], graceSeconds: 0)
        try await expectPower(servers[1], .running)
        for server in servers { try await driver.undefine(server) }
        try expect(servers.allSatisfy { list[$0] == .running }, "a guest that runs is not listed as running")
        let left = try await driver.list()
        try expect(servers.allSatisfy { left[$0] == nil }, "a guest that was taken away is listed")
    }

    private func description() async throws {
        let inventory = try await driver.describe()
        try expect(inventory.vcpus > 0 && inventory.memoryMiB > 0 && inventory.diskGiB > 0, "\(inventory)")
        try expect(!inventory.hostname.isEmpty && inventory.hypervisorVersion > 0, "\(inventory)")
    }

    private func withGuest(_ body: (ServerID) async throws -> Void) async throws {
        let server = ServerID.random()
        try await driver.define(try makeSpec(server))
        do {
            try await body(server)
        } catch {
            try await driver.undefine(server)
            throw error
        }
        try await driver.undefine(server)
        try await expectPower(server, .absent)
    }

    private func expectTaps(_ server: ServerID, _ taps: Set<String>, line: Int = #line) async throws {
        let found = try await driver.taps(of: server)
        try expect(found == taps, "line \(line): NICs are on \(found.sorted()), not \(taps.sorted())")
    }

    private func expectPower(
        _ server: ServerID, _ power: GuestPower, line: Int = #line
    ) async throws {
        let found = try await driver.power(of: server)
        try expect(found == power, "line \(line): power is \(found.rawValue), not \(power.rawValue)")
    }

    private func expect(_ holds: Bool, _ what: String) throws(ConformanceFailure) {
        if !holds { throw ConformanceFailure(description: what) }
    }
}
