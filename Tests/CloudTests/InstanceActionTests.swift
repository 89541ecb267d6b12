import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// `/servers/{id}/os-instance-actions` at its microversions.
@Suite(.timeLimit(.minutes(3)))
struct InstanceActionTests {
    /// A server that was created, stopped and started, and its path.
    private func run(_ body: @Sendable (CloudFixture, ServerID, String) async throws -> Void) async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            for verb in ["os-stop", "os-start"] {
                let asked = try await fixture.request(
                    .post, "/compute/v2.1/servers/\(id)/action", json: #"{"\#(verb)": null}"#)
                #expect(asked.status == 202)
                try await fixture.server(id) { $0.operation == nil }
            }
            try await body(fixture, id, "/compute/v2.1/servers/\(id)/os-instance-actions")
        }
    }

    private func actions(_ answer: Answer) -> [String] {
        #expect(answer.status == 200, "\(answer)")
        return (0..<answer.count("instanceActions")).map { answer.text("instanceActions.\($0).action") }
    }

    @Test func theyComeInPages() async throws {
        try await run { fixture, _, path in
            let old = try await fixture.request(.get, "\(path)?limit=1", version: "2.57")
            #expect(actions(old) == ["start", "stop", "create"] && old.at("links") == nil)
            let first = try await fixture.request(.get, "\(path)?limit=2", version: "2.58")
            #expect(actions(first) == ["start", "stop"])
            #expect(first.text("links.0.rel") == "next")
            let next = first.text("links.0.href").replacing("http://cloud.test", with: "")
            let second = try await fixture.request(.get, next, version: "2.58")
            #expect(actions(second) == ["create"] && second.at("links") == nil)
            #expect(try await fixture.request(.get, "\(path)?marker=req-x", version: "2.58").status == 400)
        }
    }

    @Test func theyAreListedByWhenTheyChanged() async throws {
        try await run { fixture, id, path in
            let stop = try #require(try await fixture.workflows(of: id).first { $0.action == "stop" })
            let time = stop.updatedAt.iso8601(.microsecondsWithoutZone) + "Z"
            let since = try await fixture.request(.get, "\(path)?changes-since=\(time)", version: "2.58")
            #expect(actions(since) == ["start", "stop"])
            let before = "\(path)?changes-before=\(time)"
            #expect(actions(try await fixture.request(.get, before, version: "2.66")) == ["stop", "create"])
            let ignored = try await fixture.request(.get, "\(path)?changes-since=never", version: "2.57")
            #expect(actions(ignored).count == 3)
            #expect(try await fixture.request(.get, "\(path)?changes-since=never", version: "2.58").status == 400)
            let crossed = "\(path)?changes-since=2100-01-01T00:00:00Z&changes-before=\(time)"
            #expect(try await fixture.request(.get, crossed, version: "2.66").status == 400)
        }
    }

    @Test func anEventNamesTheHostAsTheServerDoes() async throws {
        try await run { fixture, id, path in
            let request = try #require(try await fixture.workflows(of: id).first?.requestID)
            let server = try await fixture.request(.get, "/compute/v2.1/servers/\(id)")
            let host = server.text("server.hostId")
            #expect(host.count == 56)
            for role in [People.Role.member, .admin] {
                let event = try await fixture.request(.get, "\(path)/\(request)", as: role, version: "2.62")
                #expect(event.text("instanceAction.events.0.hostId") == host, "\(event)")
            }
        }
    }

    @Test func thoseOfDeletedServersAreShownFrom221() async throws {
        try await run { fixture, id, path in
            let request = try #require(try await fixture.workflows(of: id).first?.requestID)
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.deletedAt != nil }
            for address in [path, "\(path)/\(request)"] {
                #expect(try await fixture.request(.get, address, version: "2.20").status == 404)
                #expect(try await fixture.request(.get, address, version: "2.21").status == 200)
            }
        }
    }
}
