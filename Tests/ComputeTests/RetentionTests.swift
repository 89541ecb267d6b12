import Cloud
import Compute
import Model
import Store
import Testing
import TestSupport

/// What has ended is kept for a time, and never more than so much.
@Suite(.timeLimit(.minutes(3)))
struct RetentionTests {
    private struct Sizes: Equatable {
        var deleted = 0
        var servers = 0
        var requests = 0
        var workflows = 0
        var documents = 0
    }

    private func sizes(_ fixture: CloudFixture) async throws -> Sizes {
        try await fixture.cloud.database.read { db in
            func count(_ sql: String) throws -> Int { Int(try db.integer("SELECT count(*) FROM \(sql)", []) ?? 0) }
            return Sizes(
                deleted: try count("servers WHERE deleted_at IS NOT NULL"), servers: try count("servers"),
                requests: try count("server_requests"), workflows: try count("workflows"),
                documents: try count("server_placements WHERE role = 'leaving'"))
        }
    }

    private func purge(_ fixture: CloudFixture, _ retention: Retention) async throws {
        while try await fixture.cloud.compute.purge(retention) > 0 { continue }
    }

    private func cycle(_ fixture: CloudFixture, times: Int) async throws {
        for _ in 0..<times {
            let id = try await fixture.boot()
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .deleted }
        }
        try await eventually("hosts owe nothing") { try await sizes(fixture).documents == 0 }
    }

    @Test func tablesKeepTheirSizeHoweverManyServersComeAndGo() async throws {
        try await CloudFixture.run { fixture in
            var retention = Retention()
            retention.deletedServers = 7
            try await cycle(fixture, times: 20)
            try await purge(fixture, retention)
            let first = try await sizes(fixture)
            #expect(first == Sizes(deleted: 7, servers: 7, requests: 7, workflows: 14, documents: 0))
            try await cycle(fixture, times: 20)
            try await purge(fixture, retention)
            #expect(try await sizes(fixture) == first)
        }
    }

    @Test func whatIsOldGoesAndWhatLivesStays() async throws {
        try await CloudFixture.run { fixture in
            let kept = try await fixture.boot()
            try await cycle(fixture, times: 3)
            try await purge(fixture, Retention())
            #expect(try await sizes(fixture).deleted == 3)
            var retention = Retention()
            retention.seconds = 0
            try await purge(fixture, retention)
            let left = try await sizes(fixture)
            #expect(left.deleted == 0 && left.servers == 1 && left.requests == 1 && left.workflows == 0)
            #expect(try await fixture.server(kept).settled == .active)
        }
    }

    @Test func ofManyOperationsTheNewestAreKept() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            for _ in 0..<3 {
                try await fixture.cloud.compute.begin(.rebootHard, on: id, by: fixture.people.member)
                try await fixture.server(id) { $0.operation == nil }
            }
            var retention = Retention()
            retention.operations = 2
            try await purge(fixture, retention)
            #expect(try await fixture.workflows(of: id).map(\.action) == ["reboot", "reboot"])
        }
    }

    @Test(arguments: [-1, 36_501, 1e9, .infinity, .nan])
    func aTimeThatCannotBeMeantIsRefused(days: Double) {
        let error = #expect(throws: CloudError.self) { try Retention(days: days, deletedServers: 1) }
        #expect(error?.message.contains("\(days)") == true)
    }

    @Test func theLongestTimeCanBeCountedBack() async throws {
        #expect(throws: CloudError.self) { try Retention(days: 1, deletedServers: -1) }
        try await CloudFixture.run { fixture async throws in
            #expect(try await fixture.cloud.compute.purge(Retention(days: 36_500, deletedServers: 1)) == 0)
        }
    }
}
