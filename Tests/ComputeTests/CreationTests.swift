import Cloud
import Compute
import HostProtocol
import Model
import Networking
import Store
import TestSupport
import Testing

/// What a creation's own commit holds, beside the server.
@Suite(.timeLimit(.minutes(3))) struct CreationTests {
    private func document(of id: ServerID, _ fixture: CloudFixture) async throws -> DesiredServer? {
        try await fixture.cloud.database.read { db in
            try ServerPlacementQueries.current(of: id, db)?.document.map { try JSONText(raw: $0).value() }
        }
    }

    @Test func itHoldsThePortsAndTheDocument() async throws {
        try await CloudFixture.run { fixture in
            // By then the runner works.
            _ = try await fixture.boot()
            let made = try #require(try await fixture.create().first)
            #expect(made.addresses.contains("fixed"))
            let document = try #require(try await document(of: made.id, fixture))
            #expect(document.nics.count == 1 && document.power == .running)
            #expect(try await fixture.holdings().ports == 2)
        }
    }

    @Test func cardsComeInTheOrderThatWasAskedFor() async throws {
        try await CloudFixture.run { fixture in
            _ = try await fixture.boot()
            let (a, b) = (try await fixture.ownNetwork("a"), try await fixture.ownNetwork("b"))
            for wanted in [[a, b, a, b], [b, a, a, b], [b, b, a, a]] {
                let made = try await fixture.create { $0.nics = wanted.map { RequestedNIC(networkID: $0) } }
                let id = try #require(made.first?.id)
                #expect(try await document(of: id, fixture)?.nics.map(\.networkID) == wanted)
            }
        }
    }

    /// They are there all the same, and say why: want of addresses is the failure of their builds.
    @Test func serversThatCannotHaveTheirPortsAreInError() async throws {
        try await CloudFixture.run { fixture in
            let pool = [AddressRange(start: "10.20.0.77", end: "10.20.0.79")]
            let network = try await fixture.ownNetwork(pools: pool)
            let made = try await fixture.create(count: 5) { $0.nics = [RequestedNIC(networkID: network)] }
            var ended: [Server] = []
            for server in made {
                ended.append(
                    try await fixture.server(server.id) {
                        [.active, .error].contains($0.settled) && $0.operation == nil
                    })
            }
            let failed = ended.filter { $0.settled == .error }
            #expect((2...3).contains(failed.count))
            for server in failed {
                #expect(try await fixture.fault(of: server.id).contains("No more IP addresses"))
            }
            let held = try await fixture.holdings()
            #expect(held.ports == 5 - failed.count && held.documents == 5 - failed.count && held.instances == 5)
        }
    }
}

extension CloudFixture {
    /// On a network of its own a member may choose addresses.
    func ownNetwork(_ name: String = "own", pools: [AddressRange]? = nil) async throws -> NetworkID {
        let networking = cloud.networking
        let (member, now) = (people.member, networking.clock.now())
        let network = try await networking.create(
            Network(
                id: .random(), projectID: try member.project(), name: name, segmentationID: 0, tags: try JSONText([]),
                createdAt: now, updatedAt: now), by: member)
        _ = try await networking.create(
            Subnet(
                id: .random(), networkID: network.id, projectID: try member.project(), ipVersion: 4,
                cidr: "10.20.0.0/24", gatewayIP: "", dnsNameservers: try JSONText([]), hostRoutes: try JSONText([]),
                allocationPools: try pools.map { try JSONText($0) } ?? JSONText(raw: ""), tags: try JSONText([]),
                createdAt: now, updatedAt: now), by: member)
        return network.id
    }
}
