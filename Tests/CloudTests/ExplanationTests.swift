import Cloud
import Compute
import HTTPTypes
import Model
import Store
import TestSupport
import Testing
import Wire

/// What a request would come to, told without carrying it out.
@Suite(.timeLimit(.minutes(3)))
struct ExplanationTests {
    private func explain(
        _ fixture: CloudFixture, _ path: String, _ body: String, as role: People.Role = .member,
        version: String = "2.96"
    ) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/servers\(path)/novella-explain", as: role, version: version, json: body)
    }

    private func body(_ fixture: CloudFixture, flavor: String) -> String {
        #"{"server": {"name": "a", "imageRef": "\#(fixture.image)", "flavorRef": "\#(flavor)", "networks": "none"}}"#
    }

    private func flavor(_ fixture: CloudFixture, _ id: String, vcpus: Int, memory: Int) async throws {
        _ = try await fixture.cloud.compute.create(
            Flavor(
                id: FlavorID(id), name: id, vcpus: vcpus, memory: memory, disk: 1, extraSpecs: try JSONText([:]),
                createdAt: Timestamp(microseconds: 0)))
    }

    private static func twoHosts() -> CloudFixture.Options {
        var options = CloudFixture.Options()
        options.hosts = 2
        return options
    }

    @Test func aCreationIsExplainedAndTakesNothing() async throws {
        try await CloudFixture.run(Self.twoHosts()) { fixture in
            let fits = try await explain(fixture, "", body(fixture, flavor: "42"))
            for (key, text) in [
                ("would_succeed", "true"), ("servers", "1"), ("servers_placed", "1"), ("hosts_considered", "2"),
                ("hosts_fit", "2"), ("quota", "null"), ("reasons", "[]"), ("message", "null"),
            ] {
                #expect(fits.at("explanation.\(key)")?.jsonText == text, "\(key): \(fits)")
            }
            #expect(fits.at("explanation.hosts") == nil)
            let shown = try await explain(fixture, "", body(fixture, flavor: "42"), as: .admin)
            #expect(shown.at("explanation.hosts.1") != nil, "\(shown)")
            #expect(try await fixture.holdings() == Holdings())
            let list = try await fixture.request(.get, "/compute/v2.1/servers")
            #expect(list.at("servers.0") == nil)
        }
    }

    @Test func reasonsAreCountedAndNamedToAdministrators() async throws {
        try await CloudFixture.run(Self.twoHosts()) { fixture in
            try await flavor(fixture, "huge", vcpus: 1, memory: 1 << 30)
            for role in [People.Role.member, .admin] {
                let answer = try await explain(fixture, "", body(fixture, flavor: "huge"), as: role)
                #expect(answer.at("explanation.would_succeed") == .bool(false), "\(answer)")
                #expect(answer.at("explanation.reasons.0.rule") == .string("memory"))
                #expect(answer.at("explanation.reasons.0.hosts")?.jsonText == "2")
                #expect((answer.at("explanation.reasons.0.hostnames.1") != nil) == (role == .admin), "\(answer)")
                #expect("\(answer)".contains("No valid host was found. Of 2 hosts"))
            }
        }
    }

    /// Of servers that are to be apart only as many are placed as there are hosts.
    @Test func serversCountForThoseThatFollow() async throws {
        try await CloudFixture.run(Self.twoHosts()) { fixture in
            let made = try await fixture.request(
                .post, "/compute/v2.1/os-server-groups", version: "2.64",
                json: #"{"server_group": {"name": "g", "policy": "anti-affinity"}}"#)
            let group = (made.at("server_group.id") ?? .null).jsonText
            let wish =
                #"{"server": {"name": "a", "imageRef": "\#(fixture.image)", "flavorRef": "42", "#
                + #""networks": "none", "min_count": 3, "max_count": 3}, "os:scheduler_hints": {"group": \#(group)}}"#
            let answer = try await explain(fixture, "", wish)
            #expect(answer.at("explanation.servers")?.jsonText == "3", "\(answer)")
            #expect(answer.at("explanation.servers_placed")?.jsonText == "2", "\(answer)")
            #expect(answer.at("explanation.reasons.0.rule") == .string("antiAffinity"), "\(answer)")
        }
    }

    @Test func quotaIsAReason() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            try await flavor(fixture, "double", vcpus: 2, memory: 512)
            try await fixture.cloud.database.transaction {
                try QuotaQueries.setLimit(1, of: "cores", for: fixture.people.demo, $0)
            }
            for (path, wish) in [
                ("", body(fixture, flavor: "42")), ("/\(id)", #"{"resize": {"flavorRef": "double"}}"#),
            ] {
                let answer = try await explain(fixture, path, wish)
                #expect(answer.at("explanation.would_succeed") == .bool(false), "\(answer)")
                #expect("\(answer.at("explanation.quota") ?? .null)".contains("Quota exceeded for cores"), "\(answer)")
            }
        }
    }

    @Test func movesAreExplained() async throws {
        try await CloudFixture.run(Self.twoHosts()) { fixture in
            let id = try await fixture.boot()
            try await flavor(fixture, "double", vcpus: 2, memory: 512)
            let resize = try await explain(fixture, "/\(id)", #"{"resize": {"flavorRef": "double"}}"#)
            #expect(resize.at("explanation.would_succeed") == .bool(true), "\(resize)")
            #expect(resize.at("explanation.hosts_considered")?.jsonText == "1")
            let move = try await explain(fixture, "/\(id)", #"{"migrate": null}"#, as: .admin)
            #expect(move.at("explanation.hosts_fit")?.jsonText == "1", "\(move)")
            let there = try await explain(fixture, "/\(id)", #"{"migrate": {"host": "none"}}"#, as: .admin)
            #expect(there.at("explanation.reasons.0.rule") == .string("host"), "\(there)")
            try await fixture.cloud.compute.shelve(id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .shelvedOffloaded && $0.operation == nil }
            let back = try await explain(fixture, "/\(id)", #"{"unshelve": null}"#)
            #expect(back.at("explanation.hosts_fit")?.jsonText == "2", "\(back)")
        }
    }

    /// What the request itself would refuse is refused alike.
    @Test func whatIsWrongIsRefused() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            for (path, wish, role, status) in [
                ("", "{}", People.Role.member, 400), ("", body(fixture, flavor: "none"), .member, 400),
                ("", body(fixture, flavor: "42"), .reader, 403), ("/\(id)", "{}", .member, 400),
                ("/\(id)", #"{"pause": null}"#, .member, 400), ("/\(id)", #"{"resize": {}}"#, .member, 400),
                ("/\(id)", #"{"resize": {"flavorRef": "42"}}"#, .member, 400),
                ("/\(id)", #"{"resize": {"flavorRef": "42"}}"#, .stranger, 404),
                ("/\(id)", #"{"unshelve": null}"#, .member, 409), ("/\(id)", #"{"migrate": null}"#, .member, 403),
                ("/\(id)", #"{"migrate": {"more": 1}}"#, .admin, 400),
            ] {
                let answer = try await explain(fixture, path, wish, as: role)
                #expect(answer.status == status, "\(wish): \(answer)")
            }
        }
    }
}
