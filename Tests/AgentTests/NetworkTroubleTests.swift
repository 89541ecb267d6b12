import Dataplane
import HostProtocol
import Model
import Testing
import TestSupport

/// Whom the troubles of a host's data plane stop.
@Suite(.timeLimit(.minutes(3)))
struct NetworkTroubleTests {
    private static let network = NetworkID("n1")
    private static let port = PortID("p1")

    @Test(arguments: [
        (DataplaneTrouble.Part.network(NetworkID("n2")), false), (.port(PortID("p2")), false),
        (.router(RouterID("r1")), false), (.network(network), true), (.port(port), true),
    ])
    func aGuestFailsByItsOwnNetworksOnly(part: DataplaneTrouble.Part, fails: Bool) async throws {
        var bench = Bench()
        bench.dataplane = RecordedDataplane(wantsTopology: true, troubles: [DataplaneTrouble(part, "a flaw")])
        let nic = GuestNIC(portID: Self.port, networkID: Self.network, macAddress: "fa:16:3e:00:00:01", mtu: 1500)
        try await bench.withAgent { [bench] in
            bench.channel.send(bench.document(epoch: 1, nics: [nic]))
            let report = try await bench.report(of: 1)
            #expect((report.failure != nil) == fails, "\(report)")
            #expect((report.power == .running) != fails, "\(report)")
        }
    }

    @Test func aGuestWithoutNICsNeedsNoNetwork() async throws {
        var bench = Bench()
        let trouble = DataplaneTrouble(.network(Self.network), "a flaw")
        bench.dataplane = RecordedDataplane(wantsTopology: true, troubles: [trouble])
        try await bench.withAgent { [bench] in
            bench.channel.send(bench.document(epoch: 1))
            let report = try await bench.report(of: 1)
            #expect(report.power == .running)
        }
    }
}
