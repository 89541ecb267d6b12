import Dataplane
import HostProtocol
import Logging
import Model
import Synchronization
import TestSupport
import Testing

@testable import Agent

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

    private func withKeeper(
        _ bench: Bench, mendingsUntilAll: Int, _ body: () async throws -> Void
    ) async throws {
        let keeper = NetworkKeeper(
            channel: bench.channel, dataplane: bench.dataplane, logger: Logger(label: "test"),
            mendingInterval: .milliseconds(1), mendingsUntilAll: mendingsUntilAll)
        let mending = Task { await keeper.keepMending {} }
        defer { mending.cancel() }
        try await body()
    }

    /// What a change has failed to name comes then.
    @Test func allIsAskedForAgainAfterSoManyMendings() async throws {
        var bench = Bench()
        bench.dataplane = RecordedDataplane(wantsTopology: true)
        bench.channel.send(TopologyNews(changed: [Self.part("a", "1")]))
        try await withKeeper(bench, mendingsUntilAll: 3) { [bench] in
            try await eventually("it has asked often") { bench.channel.holdings.count >= 4 }
            let hasAll = bench.channel.holdings.prefix(4).map(\.isEmpty)
            #expect(hasAll == [true, false, false, true])
        }
    }

    @Test func whatIsHeldIsMendedWithoutTheCloud() async throws {
        var bench = Bench()
        bench.dataplane = RecordedDataplane(wantsTopology: true)
        bench.channel.send(TopologyNews(changed: [Self.part("a", "1")]))
        try await withKeeper(bench, mendingsUntilAll: 1000) { [bench] in
            try await eventually("it is there") { await Self.mtus(bench) == ["a": 1500] }
            bench.channel.loseCalls(.max)
            let asked = bench.channel.holdings.count
            let before = await bench.dataplane.passes
            try await eventually("it is made again") { await bench.dataplane.passes > before + 3 }
            #expect(bench.channel.holdings.count <= asked + 1)
            #expect(await Self.mtus(bench) == ["a": 1500])
        }
    }
}
