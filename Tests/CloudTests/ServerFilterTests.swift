import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// By what servers can be listed, for whom, and since when.
@Suite(.timeLimit(.minutes(3)))
struct ServerFilterTests {
    private func ask(
        _ query: String, _ fixture: CloudFixture, as role: People.Role = .member, version: String = "2.1"
    ) async throws -> Answer {
        try await fixture.request(.get, "/compute/v2.1/servers?\(query)", as: role, version: version)
    }

    private func names(
        _ query: String, _ fixture: CloudFixture, as role: People.Role = .member, version: String = "2.1"
    ) async throws -> Set<String> {
        let answer = try await ask(query, fixture, as: role, version: version)
        #expect(answer.status == 200, "\(query): \(answer)")
        return Set((0..<answer.count("servers")).map { answer.text("servers.\($0).name") })
    }

    @Test func listsOfWhatHasChangedHoldDeletedServers() async throws {
        try await CloudFixture.run { fixture async throws in
            _ = try await fixture.boot("alive")
            let gone = try await fixture.boot("gone")
            try await fixture.cloud.compute.begin(.delete, on: gone, by: fixture.people.member)
            try await fixture.server(gone) { $0.deletedAt != nil }
            #expect(try await names("", fixture) == ["alive"])
            #expect(try await names("changes-since=2000-01-01T00:00:00Z", fixture) == ["alive", "gone"])
            let before = "changes-before=2100-01-01T00:00:00Z"
            #expect(try await names(before, fixture, version: "2.66") == ["alive", "gone"])
            #expect(try await names(before, fixture, version: "2.65") == ["alive"])
            let both = "changes-since=2100-01-01T00:00:00Z&\(before)"
            #expect(try await ask(both, fixture, version: "2.66").status == 200)
            let crossed = "changes-since=2100-01-01T00:00:01Z&\(before)"
            #expect(try await ask(crossed, fixture, version: "2.66").status == 400)
            #expect(try await ask("status=deleted", fixture).status == 403)
            #expect(try await names("status=deleted&status=active", fixture) == ["alive"])
            let all = "all_tenants=1&status=deleted"
            #expect(try await names(all, fixture, as: .admin) == ["gone"])
            #expect(try await names("all_tenants=1&deleted=yes", fixture, as: .admin) == ["gone"])
        }
    }

    @Test func usersAreHeardSinceNovaHearsThem() async throws {
        try await CloudFixture.run { fixture async throws in
            _ = try await fixture.boot("one")
            for (query, version) in [
                ("config_drive=true", 83), ("key_name=none", 83), ("availability_zone=mars", 83), ("power_state=4", 83),
                ("vm_state=stopped", 83), ("task_state=x", 83), ("progress=7", 83), ("user_id=nobody", 83),
                ("created_at=2000-01-01T00:00:00Z", 83), ("hostname=zzz", 90), ("ip6=^fe80", 5),
            ] {
                let old = try await names(query, fixture, version: "2.\(version - 1)")
                #expect(old == ["one"], "\(query) before 2.\(version)")
                #expect(try await names(query, fixture, version: "2.\(version)").isEmpty, "\(query) at 2.\(version)")
                let wide = "all_tenants=1&\(query)"
                #expect(try await names(wide, fixture, as: .admin).isEmpty, "\(query) of an administrator")
            }
            #expect(try await names("config_drive=false&progress=100", fixture, version: "2.83") == ["one"])
        }
    }

    @Test func administratorsAskForWhatUsersCannot() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot("one")
            let base = "/compute/v2.1/servers/\(id)"
            let changed = try await fixture.request(
                .put, base, version: "2.19",
                json: #"{"server": {"accessIPv4": "10.1.2.3", "description": "the first"}}"#)
            #expect(changed.status == 200)
            _ = try await fixture.request(.put, "\(base)/metadata", json: #"{"metadata": {"a": "b", "c": "d"}}"#)
            try await fixture.cloud.compute.lock(id, reason: nil, by: fixture.people.member)
            let host = try await fixture.cloud.compute.host(fixture.host.id).hostname
            let created = try await fixture.server(id).createdAt.iso8601()
            for (query, other) in [
                ("access_ip_v4=^10.1.2.3$", "access_ip_v4=^10.1.2$"), ("description=first", "description=second"),
                ("locked_by=owner", "locked_by=admin"), ("node=\(host)", "node=mars"),
                ("launch_index=0", "launch_index=1"),
                ("created_at=\(created)", "created_at=2000-01-01T00:00:00Z"),
                ("metadata=%7B%22a%22:%22b%22%7D", "metadata=%7B%22a%22:%22c%22%7D"),
                ("auto_disk_config=false", "auto_disk_config=true"), ("uuid=\(id)", "uuid=\(UUIDText.random())"),
            ] {
                #expect(try await names("all_tenants=1&\(query)", fixture, as: .admin) == ["one"], "\(query)")
                #expect(try await names("all_tenants=1&\(other)", fixture, as: .admin).isEmpty, "\(other)")
                #expect(try await names(other, fixture) == ["one"], "\(other) of a user")
            }
        }
    }

    @Test func whatCannotBeToldIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            _ = try await fixture.boot("one")
            for name in ["info_cache", "services", "kernel_id", "security_groups"] {
                #expect(try await ask("\(name)=1", fixture, as: .admin).status == 400, "\(name)")
                #expect(try await names("\(name)=1", fixture, version: "2.75") == ["one"], "\(name)")
            }
            for query in ["launch_index=x", "config_drive=maybe", "created_at=today", "metadata=x", "progress=x"] {
                #expect(try await ask(query, fixture, as: .admin).status == 400, "\(query)")
            }
            #expect(try await ask("all_tenants=perhaps", fixture, as: .admin).status == 400)
            #expect(try await ask("locked=perhaps", fixture, version: "2.73").status == 400)
            #expect(try await ask("locked=perhaps", fixture, version: "2.72").status == 200)
            let flavor = "instance_type_id=1"
            #expect(try await ask(flavor, fixture, as: .admin, version: "2.74").status == 200)
            #expect(try await ask(flavor, fixture, as: .admin, version: "2.75").status == 400)
        }
    }

    @Test func aProjectIsOneOfAll() async throws {
        try await CloudFixture.run { fixture async throws in
            _ = try await fixture.boot("one")
            let demo = fixture.people.demo
            #expect(try await names("", fixture, as: .admin).isEmpty)
            #expect(try await names("tenant_id=\(demo)", fixture, as: .admin).isEmpty)
            #expect(try await names("all_tenants=&tenant_id=\(demo)", fixture, as: .admin) == ["one"])
            #expect(try await names("all_tenants=1&project_id=\(demo)", fixture, as: .admin) == ["one"])
            #expect(try await names("all_tenants=0&project_id=\(demo)", fixture, as: .admin).isEmpty)
            #expect(try await names("project_id=\(demo)", fixture, as: .stranger).isEmpty)
        }
    }
}
