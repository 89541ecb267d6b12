import Dataplane
import HostProtocol
import Model
import Synchronization
import TestSupport
import Testing

/// What a host makes of the parts that it is sent.
@Suite(.timeLimit(.minutes(3)))
struct HeldTopologyTests {
    private static func part(_ name: String, _ generation: String, mtu: Int = 1500) -> TopologyPart {
        let id = NetworkID(name)
        let network = TopologyNetwork(
            id: id, isExternal: false, mtu: mtu, dnsDomain: "", subnets: [], dhcpPort: nil)
        return TopologyPart(part: .network(id), generation: generation, content: .network(network, ports: []))
    }

    private static func mtus(_ bench: Bench) async -> [String: Int] {
        let networks = await bench.dataplane.latest?.networks ?? []
        return Dictionary(uniqueKeysWithValues: networks.map { ($0.id.text, $0.mtu) })
    }

    @Test func whatIsNotSentAgainStays() async throws {
        var bench = Bench()
        bench.dataplane = RecordedDataplane(wantsTopology: true)
        try await bench.withAgent { [bench] in
            bench.channel.send(TopologyNews(changed: [Self.part("a", "1"), Self.part("b", "1")]))
            try await eventually("both are there") { await Self.mtus(bench) == ["a": 1500, "b": 1500] }
            bench.channel.send(TopologyNews(changed: [Self.part("a", "2", mtu: 1400)]))
            try await eventually("one is another") { await Self.mtus(bench) == ["a": 1400, "b": 1500] }
            bench.channel.send(TopologyNews(gone: [.network(NetworkID("b"))]))
            try await eventually("one is gone") { await Self.mtus(bench) == ["a": 1400] }
            bench.channel.nudge(.network)
            try await eventually("it asks by what it holds") {
                bench.channel.holdings.last == [.network(NetworkID("a")): "2"]
            }
        }
        let asked = bench.channel.holdings.count
        try await bench.withAgent { [bench] in
            try await eventually("another agent asks") { bench.channel.holdings.count > asked }
            #expect(bench.channel.holdings[asked] == [:])
        }
    }
}
