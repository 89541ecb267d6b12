import Agent
import Dataplane
import HostProtocol
import Hypervisor
import Model
import TestSupport
import Testing

/// A tap that is deleted under a running guest takes the guest's network away for good; another of its name does not
/// give it back.
@Suite(.timeLimit(.minutes(3)))
struct CutOffGuestTests {
    private static let nic = GuestNIC(
        portID: PortID("p1"), networkID: NetworkID("n1"), macAddress: "fa:16:3e:00:00:01", mtu: 1500)

    private func bench() -> Bench {
        var bench = Bench()
        bench.dataplane = RecordedDataplane(wantsTopology: true)
        return bench
    }

    @Test func theNICIsPutInAnew() async throws {
        let bench = bench()
        let tap = bench.dataplane.tapName(of: Self.nic.portID)
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1, nics: [Self.nic]))
            try await bench.report(of: 1)
            #expect(bench.driver.pluggedAnew(bench.server) == [])
            await bench.dataplane.setIdle([tap, "another"])
            try await eventually("a NIC put in anew") { bench.driver.pluggedAnew(bench.server).first == tap }
        }
        #expect(bench.driver.startCount(of: bench.server) == 1)
    }

    /// And so it is by an agent that was not there when it happened.
    @Test func aGuestThatDoesNotLetGoIsAskedAgain() async throws {
        let bench = bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1, nics: [Self.nic]))
            try await bench.report(of: 1)
        }
        await bench.dataplane.setIdle([bench.dataplane.tapName(of: Self.nic.portID)])
        bench.driver.fail(.setNICs, with: HostFailure(message: "It does not let go.", detail: "test"))
        let heard = bench.channel.reports.count
        try await bench.withAgent {
            try await eventually("a NIC put in anew") { !bench.driver.pluggedAnew(bench.server).isEmpty }
            #expect(bench.channel.reports.dropFirst(heard).allSatisfy { $0.failure == nil })
        }
    }

    @Test(arguments: [DesiredPower.stopped, .paused]) func aGuestThatDoesNotRunIsLeftAlone(
        power: DesiredPower
    ) async throws {
        let bench = bench()
        try await bench.withAgent {
            bench.channel.send(bench.document(epoch: 1, nics: [Self.nic]))
            try await bench.report(of: 1)
            bench.channel.send(bench.document(epoch: 2, power: power, nics: [Self.nic]))
            try await bench.report(of: 2)
        }
        await bench.dataplane.setIdle([bench.dataplane.tapName(of: Self.nic.portID)])
        let heard = bench.channel.reports.count
        try await bench.withAgent { try await bench.report(of: 2, after: heard) }
        #expect(bench.driver.pluggedAnew(bench.server) == [])
    }
}
