import Cloud
import HostLink
import HostProtocol
import Model
import TestSupport
import Testing

/// A host speaks for itself only.
@Suite(.timeLimit(.minutes(3)))
struct InProcessChannelTests {
    @Test func aHostDoesNotReportForAnother() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        try await CloudFixture.run(options) { fixture in
            let id = try await fixture.boot()
            let server = try await fixture.server(id)
            let (own, other) = Self.hosts(of: server, fixture)
            let seen = ServerObservation(
                hostID: own.id, serverID: id, epoch: try await fixture.placement(of: id).epoch, power: .shutdown)
            let error = await #expect(throws: CloudError.self) { try await other.channel.report(HostReport([seen])) }
            #expect(error?.kind == .forbidden)
            #expect(try await fixture.placement(of: id).observedPower == .running)
            try await own.channel.report(HostReport([seen]))
            #expect(try await fixture.placement(of: id).observedPower == .shutdown)
        }
    }

    @Test func aConfigDriveIsForTheServersHost() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        try await CloudFixture.run(options) { fixture in
            let id = try await fixture.boot()
            let (own, other) = Self.hosts(of: try await fixture.server(id), fixture)
            let error = await #expect(throws: CloudError.self) { try await other.channel.configDrive(id) }
            #expect(error?.kind == .notFound)
            #expect(try await !own.channel.configDrive(id).isEmpty)
        }
    }

    private static func hosts(of server: Server, _ fixture: CloudFixture) -> (own: SimulatedHost, other: SimulatedHost)
    {
        let isFirst = fixture.hosts[0].id == server.hostID
        return isFirst ? (fixture.hosts[0], fixture.hosts[1]) : (fixture.hosts[1], fixture.hosts[0])
    }
}
