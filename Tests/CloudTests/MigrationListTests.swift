import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// `/os-migrations`, and the migrations of one server.
@Suite(.timeLimit(.minutes(3)))
struct MigrationListTests {
    /// Two servers that were resized, the second one's decision being made.
    private func resized(_ fixture: CloudFixture) async throws -> [ServerID] {
        _ = try await fixture.cloud.compute.create(
            Flavor(
                id: FlavorID("7"), name: "double", vcpus: 2, memory: 512, disk: 2, extraSpecs: try JSONText([:]),
                createdAt: Timestamp(microseconds: 0)))
        var servers: [ServerID] = []
        for name in ["one", "two"] {
            let id = try await fixture.boot(name)
            try await fixture.cloud.compute.resize(id, to: FlavorID("7"), by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .resized && $0.operation == nil }
            servers.append(id)
        }
        try await fixture.cloud.compute.confirmResize(servers[1], by: fixture.people.member)
        try await fixture.server(servers[1]) { $0.settled == .active && $0.operation == nil }
        return servers
    }

    private func list(
        _ fixture: CloudFixture, _ query: String = "", as role: People.Role = .admin, version: String = "2.100"
    ) async throws -> Answer {
        try await fixture.request(.get, "/compute/v2.1/os-migrations\(query)", as: role, version: version)
    }

    @Test func resizesAreListedNewestFirst() async throws {
        try await CloudFixture.run { fixture async throws in
            let servers = try await resized(fixture)
            let host = fixture.cloud.compute.capacity.all[0].hostname
            let answer = try await list(fixture)
            #expect(answer.at("migrations.0.instance_uuid") == .string(servers[1].text))
            #expect(answer.at("migrations.0.status") == .string("confirmed"))
            #expect(answer.at("migrations.0.migration_type") == .string("resize"))
            #expect(answer.at("migrations.0.old_instance_type_id")?.jsonText == "42")
            #expect(answer.at("migrations.0.new_instance_type_id")?.jsonText == "7")
            #expect(answer.at("migrations.0.project_id") == .string(fixture.people.demo.text))
            #expect(answer.at("migrations.1.status") == .string("finished"))
            #expect(answer.at("migrations.1.source_compute") == .string(host))
            let old = try await list(fixture, version: "2.22")
            #expect(old.at("migrations.0.uuid") == nil && old.at("migrations.0.migration_type") == nil)
        }
    }

    @Test func aListIsFilteredAndPaged() async throws {
        try await CloudFixture.run { fixture async throws in
            let servers = try await resized(fixture)
            let host = fixture.cloud.compute.capacity.all[0].hostname
            for (query, count) in [
                ("?status=confirmed", 1), ("?status=error", 0), ("?migration_type=resize", 2),
                ("?migration_type=migration", 0), ("?instance_uuid=\(servers[0])", 1), ("?host=\(host)", 2),
                ("?source_compute=\(host)", 2), ("?host=nowhere", 0), ("?changes-since=2999-01-01T00:00:00Z", 0),
                ("?changes-before=2000-01-01T00:00:00Z", 0), ("?project_id=\(fixture.people.demo)", 2),
                ("?project_id=none", 0), ("?user_id=none", 0), ("?limit=1", 1),
            ] {
                let answer = try await list(fixture, query)
                #expect(answer.at("migrations.\(count)") == nil, "\(query)")
                if count > 0 { #expect(answer.at("migrations.\(count - 1)") != nil, "\(query)") }
            }
            let first = try await list(fixture, "?limit=1")
            #expect(first.at("migrations_links.0.rel") == .string("next"))
            let marker = (first.at("migrations.0.uuid") ?? .null).jsonText.replacing("\"", with: "")
            let next = try await list(fixture, "?limit=1&marker=\(marker)")
            #expect(next.at("migrations.0.instance_uuid") == .string(servers[0].text))
            for query in [
                "?marker=none", "?more=1", "?changes-since=x",
                "?changes-since=2020-01-01T00:00:00Z&changes-before=2019-01-01T00:00:00Z",
            ] {
                #expect(try await list(fixture, query).status == 400, "\(query)")
            }
        }
    }

    @Test func aUserSeesNone() async throws {
        try await CloudFixture.run { fixture async throws in
            #expect(try await list(fixture, as: .member).status == 403)
            #expect(try await list(fixture, "?project_id=\(fixture.people.demo)", as: .reader).status == 403)
        }
    }

    /// A resize is no live migration, and none is under way.
    @Test func aServerHasNoLiveMigration() async throws {
        try await CloudFixture.run { fixture async throws in
            let servers = try await resized(fixture)
            let path = "/compute/v2.1/servers/\(servers[0])/migrations"
            let none = try await fixture.request(.get, path, as: .admin, version: "2.23")
            #expect(none.status == 200 && none.at("migrations.0") == nil && none.at("migrations") != nil)
            for (id, words) in [("1", "is not live-migration"), ("999", "not found for instance")] {
                let answer = try await fixture.request(.get, "\(path)/\(id)", as: .admin, version: "2.23")
                #expect(answer.status == 404 && "\(answer)".contains(words), "\(answer)")
            }
            #expect(try await fixture.request(.delete, "\(path)/1", as: .admin, version: "2.24").status == 409)
            let forced = try await fixture.request(
                .post, "\(path)/1/action", as: .admin, version: "2.22", json: #"{"force_complete": null}"#)
            #expect(forced.status == 409)
            #expect(try await fixture.request(.delete, "\(path)/1", as: .admin, version: "2.23").status == 404)
        }
    }
}
