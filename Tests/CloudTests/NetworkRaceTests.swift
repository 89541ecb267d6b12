import Cloud
import Dispatch
import HostLink
import HostProtocol
import Model
import Networking
import Store
import TestSupport
import Testing

/// Several processes change one network at once.
@Suite(.timeLimit(.minutes(3)))
struct NetworkRaceTests {
    private static func run(
        on kind: StoreKind, _ body: @Sendable (CloudFixture, _ other: any Database, NetworkID) async throws -> Void
    ) async throws {
        let store = try await ScratchStore(on: kind)
        let other: any Database = try await store.postgres() ?? store
        var options = CloudFixture.Options()
        options.runsAgents = false
        options.runsWorkflows = false
        options.database = store
        try await CloudFixture.run(options) { fixture in
            let network = try await fixture.madeNetwork([#""ip_version": 4, "cidr": "10.1.0.0/24""#], as: .admin)
            try await body(fixture, other, NetworkID(network))
        }
        try await other.close()
    }

    private static func request(_ network: NetworkID, _ fixture: CloudFixture) throws -> PortRequest {
        var request = PortRequest(networkID: network, projectID: try fixture.people.admin.project())
        request.deviceOwner = "compute:nova"
        request.deviceID = "v"
        request.bindingHost = "sim-1"
        return request
    }

    @Test(arguments: StoreKind.here) func nothingOfChangesAtOnceIsLost(kind: StoreKind) async throws {
        try await Self.run(on: kind) { fixture, other, network in
            let admin = fixture.people.admin
            try await withThrowingTaskGroup(of: Void.self) { group in
                for database in [fixture.cloud.database, other, other] {
                    let networking = NetworkingService(database: database, clock: SystemClock()) { _ in }
                    group.addTask {
                        for number in 0..<10 {
                            let port = try await networking.create([Self.request(network, fixture)], by: admin)[0]
                            if number % 2 == 0 { try await networking.deletePort(port.id, by: admin) }
                        }
                    }
                }
                group.addTask {
                    var asker = NetworkGenerationTests.Asker(host: fixture.host)
                    while asker.held.topology.ports.count < 15 { _ = try await asker.ask() }
                    // The last deletions are under way.
                    try await eventually("the host has all") {
                        _ = try await asker.ask()
                        return try await asker.held.topology == fixture.cloud.networking.topology(of: "sim-1")
                    }
                }
                try await group.waitForAll()
            }
            var late = NetworkGenerationTests.Asker(host: fixture.host)
            _ = try await late.ask()
            #expect(late.held.topology.ports.count == 15)
        }
    }

    /// The host has asked between the commits, and holds what was committed first.
    @Test(.enabled(if: StoreKind.hasPostgreSQL, "PostgreSQL is not installed"))
    func aCommitThatComesAfterALaterOneIsSeen() async throws {
        try await Self.run(on: .postgresql) { fixture, other, network in
            let second = try await fixture.madeNetwork([#""ip_version": 4, "cidr": "10.2.0.0/24""#], as: .admin)
            let (networking, admin) = (fixture.cloud.networking, fixture.people.admin)
            for id in [network, NetworkID(second)] {
                _ = try await networking.create([Self.request(id, fixture)], by: admin)
            }
            var asker = NetworkGenerationTests.Asker(host: fixture.host)
            _ = try await asker.ask()
            let (hasBegun, begun) = AsyncStream.makeStream(of: Void.self)
            let mayCommit = DispatchSemaphore(value: 0)
            async let slow: Void = other.transaction { db in
                guard var changed = try db.find(Network.self, key: .id(network)) else { return }
                changed.mtu = 1400
                try db.update(changed)
                try NetworkGenerationQueries.renew([.network(network)], db)
                begun.finish()
                mayCommit.wait()
            }
            for await _ in hasBegun {}
            try await networking.update(NetworkID(second), by: admin) { $0.mtu = 1300 }
            #expect(try await asker.ask().changed.map(\.part) == [.network(NetworkID(second))])
            mayCommit.signal()
            try await slow
            #expect(try await asker.ask().changed.map(\.part) == [.network(network)])
            #expect(Set(asker.held.topology.networks.map(\.mtu)) == [1300, 1400])
        }
    }
}
