import Cloud
import Compute
import HTTPTypes
import Model
import Store
import TestSupport
import Testing
import Wire

/// What other services tell of servers.
@Suite(.timeLimit(.minutes(3)))
struct ServerExternalEventTests {
    private func send(
        _ events: [String], _ fixture: CloudFixture, version: String = "2.104", as role: People.Role = .admin
    ) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/os-server-external-events", as: role, version: version,
            json: #"{"events": [\#(events.joined(separator: ","))]}"#)
    }

    private func event(_ name: String, _ server: ServerID, _ more: String = "") -> String {
        #"{"name": "\#(name)", "server_uuid": "\#(server)"\#(more)}"#
    }

    @Test func eachEventHasItsCode() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let port = try #require(
                try await fixture.cloud.compute.attachments(of: id, by: fixture.people.member).first
            ).port.id
            let whole = try await send(
                [
                    event("network-changed", id, #", "tag": "\#(port)""#),
                    event("network-vif-plugged", id, #", "status": "in-progress""#), event("volume-reimaged", id),
                ], fixture)
            #expect(whole.status == 200 && whole.count("events") == 3, "\(whole)")
            #expect(whole.text("events.0.tag") == port.text && whole.text("events.1.status") == "completed")
            let mixed = try await send(
                [
                    event("network-changed", .random()), event("power-update", id),
                    event("network-changed", id),
                ], fixture)
            #expect(mixed.status == 207, "\(mixed)")
            let codes = (0..<3).map { mixed.at("events.\($0).code") }
            #expect(codes == [.integer(404), .integer(400), .integer(200)], "\(mixed)")
            #expect(mixed.text("events.0.status") == "failed")
        }
    }

    @Test func aServerWithoutHostTakesNone() async throws {
        try await CloudFixture.run { fixture async throws in
            let rare = #"{"extra_specs": {"trait:CUSTOM_ABSENT": "required"}}"#
            let flavor = "/compute/v2.1/flavors/42/os-extra_specs"
            #expect(try await fixture.request(.post, flavor, as: .admin, json: rare).status == 200)
            let made = try #require(try await fixture.create().first)
            #expect(try await fixture.server(made.id).hostID == nil)
            let told = try await send([event("network-changed", made.id)], fixture)
            #expect(told.status == 207 && told.at("events.0.code") == .integer(422), "\(told)")
        }
    }

    /// A change of the network that nobody has told of yet is seen.
    @Test func theNetworkIsLookedAtAnew() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let server = try await fixture.server(id)
            try await fixture.cloud.database.transaction { db in
                _ = try db.execute("UPDATE servers SET addresses = '[]' WHERE id = ?1", [.id(id)])
            }
            #expect(try await send([event("network-changed", id)], fixture).status == 200)
            #expect(try await fixture.server(id).addresses == server.addresses)
        }
    }

    @Test func whatNoHostCanFollowIsAmongTheActions() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let volume = UUIDText.random()
            let told = try await send(
                [
                    event("power-update", id, #", "tag": "POWER_OFF""#),
                    event("volume-extended", id, #", "tag": "\#(volume)""#),
                ], fixture)
            #expect(told.status == 200, "\(told)")
            let actions = try await fixture.request(.get, "/compute/v2.1/servers/\(id)/os-instance-actions")
            let names = (0..<actions.count("instanceActions")).map { actions.text("instanceActions.\($0).action") }
            #expect(Set(names) == ["create", "stop", "extend_volume"], "\(actions)")
            let failed = (0..<names.count).filter { actions.at("instanceActions.\($0).message") != .null }
            #expect(failed.count == 2, "\(actions)")
            #expect(try await fixture.server(id).settled == .active)
        }
    }

    @Test func namesComeWithVersions() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            for (name, since) in [
                ("volume-extended", 51), ("power-update", 76), ("accelerator-request-bound", 82),
                ("volume-reimaged", 93),
            ] {
                let one = [event(name, id, #", "tag": "x""#)]
                #expect(try await send(one, fixture, version: "2.\(since - 1)").status == 400, "\(name)")
                #expect(try await send(one, fixture, version: "2.\(since)").status == 200, "\(name)")
            }
            for bad in [
                #"{"name": "network-changed"}"#, event("network-changed", id, #", "status": "x""#), event("x", id),
            ] {
                #expect(try await send([bad], fixture).status == 400, "\(bad)")
            }
            #expect(try await send([], fixture).status == 400)
            #expect(try await send([event("network-changed", id)], fixture, as: .member).status == 403)
        }
    }

    @Test func networkInformationIsLookedAtForAdministrators() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let path = "/compute/v2.1/servers/\(id)/action"
            let body = #"{"injectNetworkInfo": null}"#
            #expect(try await fixture.request(.post, path, as: .admin, json: body).status == 202)
            #expect(try await fixture.request(.post, path, json: body).status == 403)
        }
    }
}
