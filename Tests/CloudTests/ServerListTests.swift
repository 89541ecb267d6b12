import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// What a list of servers holds and in which order.
@Suite(.timeLimit(.minutes(3)))
struct ServerListTests {
    private func names(
        _ query: String, _ fixture: CloudFixture, as role: People.Role = .member, version: String = "2.1"
    ) async throws -> [String] {
        let answer = try await fixture.request(
            .get, "/compute/v2.1/servers?\(query)", as: role, version: version)
        #expect(answer.status == 200, "\(query): \(answer)")
        return (0..<answer.count("servers")).map { answer.text("servers.\($0).name") }
    }

    private func status(
        _ query: String, _ fixture: CloudFixture, as role: People.Role = .member, version: String = "2.1"
    ) async throws -> Int {
        try await fixture.request(.get, "/compute/v2.1/servers?\(query)", as: role, version: version).status
    }

    @Test func sortsByNovasKeys() async throws {
        try await CloudFixture.run { fixture async throws in
            for name in ["b", "c", "a"] { _ = try await fixture.boot(name) }
            #expect(try await names("", fixture) == ["a", "c", "b"])
            #expect(try await names("sort_dir=asc", fixture) == ["b", "c", "a"])
            #expect(try await names("sort_key=display_name", fixture) == ["c", "b", "a"])
            #expect(try await names("sort_key=display_name&sort_dir=asc", fixture) == ["a", "b", "c"])
            #expect(
                try await names("sort_key=vm_state&sort_dir=desc&sort_key=display_name&sort_dir=asc", fixture)
                    == ["a", "b", "c"])
            let first = try await fixture.request(
                .get, "/compute/v2.1/servers?limit=2&sort_key=display_name&sort_dir=asc")
            #expect(first.count("servers") == 2)
            let next = first.text("servers_links.0.href").replacing("http://cloud.test", with: "")
            let rest = try await fixture.request(.get, next)
            #expect(rest.count("servers") == 1 && rest.text("servers.0.name") == "c")
        }
    }

    @Test func refusesOrdersThatItDoesNotKnow() async throws {
        try await CloudFixture.run { fixture async throws in
            #expect(try await status("sort_key=nonsense", fixture) == 400)
            #expect(try await status("sort_key=display_name&sort_dir=up", fixture) == 400)
            #expect(try await status("sort_key=host", fixture) == 403)
            #expect(try await status("sort_key=host", fixture, as: .admin) == 200)
            #expect(try await status("sort_key=metadata", fixture, version: "2.74") == 200)
            #expect(try await status("sort_key=metadata", fixture, version: "2.75") == 400)
            #expect(try await status("sort_key=locked", fixture, version: "2.72") == 400)
            #expect(try await status("sort_key=locked", fixture, version: "2.73") == 200)
        }
    }

    @Test func findsServersByTheirAddress() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot("one")
            _ = try await fixture.boot("two")
            let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)")
            let address = shown.text("server.addresses.default.0.addr")
            #expect(try await names("ip=^\(address)$", fixture) == ["one"])
            #expect(try await names("ip=10.20.0", fixture).count == 2)
            #expect(try await names("ip=fixed", fixture).isEmpty)
            #expect(try await names("ip6=10.20.0", fixture, version: "2.5").isEmpty)
        }
    }
}
