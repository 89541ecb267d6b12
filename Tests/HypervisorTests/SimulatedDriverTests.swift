import DriverConformance
import HostProtocol
import Model
import Testing

@testable import Hypervisor

private func makeSpec(_ server: ServerID) -> DomainSpec {
    DomainSpec(
        serverID: server, hardware: GuestHardware(name: "vm", vcpus: 1, memoryMiB: 64),
        disks: [.init(id: "root", path: "/x", format: "qcow2")],
        nics: (1...2).map { .init(macAddress: "fa:16:3e:00:00:0\($0)", tapName: "tap\($0)", mtu: 1450) },
        consoleLogPath: "/c",
        vncSocketPath: "/v")
}

struct SimulatedDriverTests {
    @Test(arguments: DriverConformance.checks.indices)
    func conforms(check: Int) async throws {
        let driver = SimulatedDriver()
        driver.setIgnoresACPI(true)
        try await DriverConformance.checks[check].run(DriverConformance(driver: driver, makeSpec: makeSpec))
    }

    @Test func failsAsOftenAsTold() async throws {
        let driver = SimulatedDriver()
        let (one, two) = (ServerID.random(), ServerID.random())
        driver.fail(.define, server: one, times: 2)
        for _ in 0..<2 { await #expect(throws: HostFailure.self) { try await driver.define(makeSpec(one)) } }
        try await driver.define(makeSpec(two))
        try await driver.define(makeSpec(one))
        driver.fail(.start, times: nil)
        for _ in 0..<3 { await #expect(throws: HostFailure.self) { try await driver.start(one) } }
        driver.mend()
        try await driver.start(one)
        #expect(driver.callCount(.start) == 4)
        #expect(driver.startCount(of: one) == 1)
    }

    @Test func aGuestPowersItselfOff() async throws {
        let driver = SimulatedDriver()
        let server = ServerID.random()
        try await driver.define(makeSpec(server))
        try await driver.start(server)
        var events = driver.events().makeAsyncIterator()
        driver.guestMoves(server, to: .shutdown)
        #expect(await events.next() == PowerEvent(serverID: server, power: .shutdown))
        try await driver.start(server)
        driver.hostRestarts()
        #expect(try await driver.power(of: server) == .shutdown)
        #expect(driver.startCount(of: server) == 2)
    }

    @Test func restartsAGuestThatListens() async throws {
        let driver = SimulatedDriver()
        let server = ServerID.random()
        try await driver.define(makeSpec(server))
        try await driver.start(server)
        #expect(try await driver.rebootSoft(server, graceSeconds: 60))
        #expect(driver.softRebootCount(of: server) == 1)
    }
}
