import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// `/os-server-groups` and what hints of servers say of them.
@Suite(.timeLimit(.minutes(3)))
struct ServerGroupTests {
    private let path = "/compute/v2.1/os-server-groups"

    private func post(
        _ body: String, _ version: String, _ fixture: CloudFixture, as role: People.Role = .member
    ) async throws -> Answer {
        try await fixture.request(.post, path, as: role, version: version, json: #"{"server_group": \#(body)}"#)
    }

    private func boot(_ fixture: CloudFixture, hints: String) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/servers", version: "2.1",
            json: #"{"server": {"name": "s", "imageRef": "\#(fixture.image)", "flavorRef": "42"}, "#
                + #""os:scheduler_hints": \#(hints)}"#)
    }

    private func names(_ answer: Answer, _ at: String) -> Set<String> {
        guard case .object(let members)? = answer.at(at) else { return [] }
        return Set(members.map(\.key))
    }

    @Test func eachVersionHasItsMembers() async throws {
        try await CloudFixture.run { fixture async throws in
            let old: Set = ["id", "name", "policies", "metadata", "members"]
            let first = try await post(#"{"name": "a", "policies": ["affinity"]}"#, "2.12", fixture)
            #expect(first.status == 200 && names(first, "server_group") == old, "\(first)")
            #expect(first.text("server_group.policies.0") == "affinity")
            let id = first.text("server_group.id")
            for (version, more) in [("2.13", ["project_id", "user_id"]), ("2.63", ["project_id", "user_id"])] {
                let shown = try await fixture.request(.get, "\(path)/\(id)", version: version)
                #expect(names(shown, "server_group") == old.union(more), "\(version): \(shown)")
            }
            let shown = try await fixture.request(.get, "\(path)/\(id)", version: "2.64")
            #expect(
                names(shown, "server_group") == ["id", "name", "policy", "rules", "members", "project_id", "user_id"])
            #expect(shown.at("server_group.rules") == .object([]))
            let rules = #"{"max_server_per_host": "3"}"#
            let new = try await post(
                #"{"name": "b", "policy": "anti-affinity", "rules": \#(rules)}"#, "2.64", fixture)
            #expect(new.at("server_group.rules.max_server_per_host") == .integer(3), "\(new)")
            #expect(new.text("server_group.project_id") == fixture.people.demo.text)
        }
    }

    @Test(arguments: [
        ("2.1", #"{"name": "g", "policies": ["soft-affinity"]}"#), ("2.1", #"{"name": "g", "policy": "affinity"}"#),
        ("2.15", #"{"name": "g", "policies": ["affinity", "anti-affinity"]}"#),
        ("2.15", #"{"name": "g", "policies": []}"#), ("2.15", #"{"name": "g", "policies": "affinity"}"#),
        ("2.15", #"{"name": "", "policies": ["affinity"]}"#), ("2.15", #"{"name": " g", "policies": ["affinity"]}"#),
        ("2.64", #"{"name": "g", "policies": ["affinity"]}"#), ("2.64", #"{"name": "g", "policy": "friends"}"#),
        ("2.64", #"{"name": "g", "policy": "affinity", "rules": {"max_server_per_host": 2}}"#),
        ("2.64", #"{"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}}"#),
        ("2.64", #"{"name": "g", "policy": "anti-affinity", "rules": {"max": 2}}"#), ("2.64", #"{"name": "g"}"#),
    ])
    func aBodyThatIsWrongIsRefused(version: String, body: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let answer = try await post(body, version, fixture)
            #expect(answer.status == 400 && answer.at("badRequest.code") == .integer(400), "\(answer)")
        }
    }

    @Test func groupsBelongToProjects() async throws {
        try await CloudFixture.run { fixture async throws in
            var ids: [String] = []
            for name in ["a", "b", "c"] {
                let made = try await post(#"{"name": "\#(name)", "policies": ["soft-affinity"]}"#, "2.15", fixture)
                ids.append(made.text("server_group.id"))
            }
            let foreign = try await post(#"{"name": "z", "policy": "affinity"}"#, "2.64", fixture, as: .stranger)
            func listed(_ query: String, as role: People.Role = .member) async throws -> [String] {
                let answer = try await fixture.request(.get, "\(path)?\(query)", as: role, version: "2.75")
                #expect(answer.status == 200, "\(answer)")
                return (0..<answer.count("server_groups")).map { answer.text("server_groups.\($0).name") }
            }
            #expect(try await listed("") == ["a", "b", "c"])
            #expect(try await listed("limit=1&offset=1") == ["b"])
            #expect(try await listed("all_projects=1") == ["a", "b", "c"])
            #expect(try await listed("all_projects=1", as: .admin) == ["a", "b", "c", "z"])
            #expect(try await listed("", as: .admin) == [])
            #expect(try await fixture.request(.get, "\(path)?colour=red", version: "2.75").status == 400)
            let gone = "\(path)/\(foreign.text("server_group.id"))"
            #expect(try await fixture.request(.get, gone).status == 404)
            #expect(try await fixture.request(.delete, gone).status == 404)
            #expect(try await fixture.request(.delete, "\(path)/\(ids[0])", as: .reader).status == 403)
            #expect(try await fixture.request(.delete, "\(path)/\(ids[0])").status == 204)
            #expect(try await fixture.request(.get, "\(path)/\(ids[0])").status == 404)
            #expect(try await listed("") == ["b", "c"])
        }
    }

    @Test func quotasLimitGroupsAndMembers() async throws {
        try await CloudFixture.run { fixture async throws in
            let limits = ["server_groups": 1, "server_group_members": 2]
            try await fixture.cloud.compute.setQuotas(limits, of: fixture.people.demo, force: false)
            let body = #"{"name": "g", "policy": "soft-affinity"}"#
            let id = try await post(body, "2.64", fixture).text("server_group.id")
            let second = try await post(body, "2.64", fixture)
            #expect(second.status == 403 && second.text("forbidden.message").contains("too many server groups"))
            let used = try await fixture.request(.get, "/compute/v2.1/limits")
            #expect(used.at("limits.absolute.totalServerGroupsUsed") == .integer(1))
            for _ in 0..<2 { #expect(try await boot(fixture, hints: #"{"group": "\#(id)"}"#).status == 202) }
            let third = try await boot(fixture, hints: #"{"group": "\#(id)"}"#)
            #expect(third.status == 403 && third.text("forbidden.message").contains("too many servers in group"))
            #expect(try await fixture.request(.delete, "\(path)/\(id)").status == 204)
            #expect(try await post(body, "2.64", fixture).status == 200)
        }
    }

    @Test func serversAndGroupsNameEachOther() async throws {
        try await CloudFixture.run { fixture async throws in
            let group = try await post(#"{"name": "g", "policy": "affinity"}"#, "2.64", fixture)
                .text("server_group.id")
            let server = try await boot(fixture, hints: #"{"group": "\#(group)", "other": [1]}"#).text("server.id")
            try await fixture.server(ServerID(server)) { $0.settled == .active }
            let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(server)", version: "2.71")
            #expect(shown.at("server.server_groups") == .array([.string(group)]), "\(shown)")
            let older = try await fixture.request(.get, "/compute/v2.1/servers/\(server)", version: "2.70")
            #expect(older.at("server.server_groups") == nil)
            let members = try await fixture.request(.get, "\(path)/\(group)", version: "2.64")
            #expect(members.at("server_group.members") == .array([.string(server)]))
            #expect(try await fixture.request(.delete, "/compute/v2.1/servers/\(server)").status == 204)
            try await fixture.server(ServerID(server)) { $0.settled == .deleted }
            #expect(try await fixture.request(.get, "\(path)/\(group)").at("server_group.members") == .array([]))
        }
    }

    /// As the project that owns them sees it: no two of the servers that found a host have the same `hostId`.
    @Test func serversCreatedAtOnceStayApart() async throws {
        var options = CloudFixture.Options()
        options.hosts = 5
        try await CloudFixture.run(options) { fixture async throws in
            let limits = ["instances": -1, "cores": -1, "ram": -1, "server_group_members": -1]
            try await fixture.cloud.compute.setQuotas(limits, of: fixture.people.demo, force: true)
            let group = try await post(#"{"name": "g", "policy": "anti-affinity"}"#, "2.64", fixture)
                .text("server_group.id")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for _ in 0..<20 {
                    tasks.addTask { try await boot(fixture, hints: #"{"group": "\#(group)"}"#).status }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 202, count: 20))
            let listed = try await fixture.request(.get, "/compute/v2.1/servers/detail", version: "2.1")
            let hosts = (0..<20).map { listed.text("servers.\($0).hostId") }.filter { !$0.isEmpty }
            #expect(hosts.count == 5 && Set(hosts).count == 5, "\(hosts)")
            let members = try await fixture.request(.get, "\(path)/\(group)")
            #expect(members.count("server_group.members") == 20)
        }
    }

    @Test func hintsThatNameNothingAreRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let foreign = try await post(#"{"name": "z", "policy": "affinity"}"#, "2.64", fixture, as: .stranger)
                .text("server_group.id")
            let server = try await fixture.boot("other", as: .stranger)
            let held = try await fixture.holdings()
            let unknown = "00000000-0000-4000-8000-000000000000"
            for (hints, name) in [
                (#"{"group": "\#(unknown)"}"#, "Instance group \(unknown) could not be found."),
                (#"{"group": "\#(foreign)"}"#, "Instance group \(foreign) could not be found."),
                (#"{"group": "web"}"#, "group"), (#"{"group": 5}"#, "group"),
                (#"{"group": ["\#(unknown)", "\#(foreign)"]}"#, "group"),
                (#"{"same_host": "\#(unknown)"}"#, "Instance \(unknown) could not be found."),
                (#"{"different_host": ["\#(server)"]}"#, "Instance \(server) could not be found."),
                (#"{"different_host": ["x"]}"#, "different_host"), (#"{"same_host": {"a": 1}}"#, "same_host"),
                (#"[]"#, "scheduler_hints"),
            ] {
                let answer = try await boot(fixture, hints: hints)
                #expect(answer.status == 400 && answer.text("badRequest.message").contains(name), "\(hints): \(answer)")
            }
            #expect(try await fixture.holdings() == held)
        }
    }
}
