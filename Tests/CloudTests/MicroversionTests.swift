import Attributes
import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// What changes from version to version.
@Suite(.timeLimit(.minutes(3)))
struct MicroversionTests {
    private let base = "/compute/v2.1"

    @Test func theVersionIsSaidBack() async throws {
        try await CloudFixture.run { fixture async throws in
            let latest = try await fixture.request(.get, "\(base)/flavors", version: "latest")
            #expect(latest.header("OpenStack-API-Version") == "compute 2.104")
            #expect(latest.header("X-OpenStack-Nova-API-Version") == "2.104")
            #expect(latest.header("Vary").contains("OpenStack-API-Version"))
            let none = try await fixture.request(.get, "\(base)/flavors")
            #expect(none.header("OpenStack-API-Version") == "compute 2.1")
            let legacy = try await fixture.request(
                .get, "\(base)/flavors", headers: ["X-OpenStack-Nova-API-Version": "2.5"])
            #expect(legacy.header("OpenStack-API-Version") == "compute 2.5")
        }
    }

    @Test func swapIsATextUntil275() async throws {
        try await CloudFixture.run { fixture async throws in
            let old = try await fixture.request(.get, "\(base)/flavors/42", version: "2.74")
            #expect(old.at("flavor.swap") == .string(""))
            let new = try await fixture.request(.get, "\(base)/flavors/42", version: "2.75")
            #expect(new.at("flavor.swap") == .integer(0))
        }
    }

    @Test func keypairsGainATypeAndAStatus() async throws {
        try await CloudFixture.run { fixture async throws in
            let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB me"
            func make(_ name: String, _ version: String) async throws -> Answer {
                try await fixture.request(
                    .post, "\(base)/os-keypairs", version: version,
                    json: #"{"keypair": {"name": "\#(name)", "public_key": "\#(key)"}}"#)
            }
            let old = try await make("a", "2.1")
            #expect(old.status == 200 && old.at("keypair.type") == nil, "\(old)")
            let new = try await make("b", "2.2")
            #expect(new.status == 201 && new.text("keypair.type") == "ssh", "\(new)")
            #expect(try await make("b", "2.2").status == 409)
            #expect(try await make("a@b", "2.91").status == 400)
            #expect(try await make("a@b", "2.92").status == 201)
            let first = try await fixture.request(.delete, "\(base)/os-keypairs/a", version: "2.1")
            #expect(first.status == 202)
            let second = try await fixture.request(.delete, "\(base)/os-keypairs/b", version: "2.2")
            #expect(second.status == 204)
            let made = try await fixture.request(
                .post, "\(base)/os-keypairs", version: "2.92", json: #"{"keypair": {"name": "c"}}"#)
            #expect(made.status == 400, "keys are no longer made: \(made)")
        }
    }

    @Test func theFlavorOfAServerIsALinkAndThenACopy() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let old = try await fixture.request(.get, "\(base)/servers/\(id)", version: "2.46")
            #expect(old.text("server.flavor.id") == "42")
            let new = try await fixture.request(.get, "\(base)/servers/\(id)", version: "2.47")
            #expect(new.at("server.flavor.id") == nil)
            #expect(new.text("server.flavor.original_name") == "m1.nano")
        }
    }

    @Test func tagsBeginWith226() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            #expect(try await fixture.request(.get, "\(base)/servers/\(id)/tags", version: "2.25").status == 404)
            #expect(try await fixture.request(.put, "\(base)/servers/\(id)/tags/a", version: "2.26").status == 201)
            #expect(try await fixture.request(.put, "\(base)/servers/\(id)/tags/a", version: "2.26").status == 204)
            let tags = try await fixture.request(.get, "\(base)/servers/\(id)/tags", version: "2.26")
            #expect(tags.at("tags") == .array([.string("a")]))
        }
    }

    @Test func zonesAreListed() async throws {
        try await CloudFixture.run { fixture async throws in
            let plain = try await fixture.request(.get, "\(base)/os-availability-zone")
            #expect(plain.text("availabilityZoneInfo.0.zoneName") == "nova")
            #expect(plain.at("availabilityZoneInfo.0.hosts") == .null)
            let detail = try await fixture.request(.get, "\(base)/os-availability-zone/detail", as: .admin)
            #expect(detail.at("availabilityZoneInfo.1.hosts.sim-1.nova-compute.available") == .bool(true))
            #expect(plain.count("availabilityZoneInfo") == 1 && detail.count("availabilityZoneInfo") == 2)
            #expect(detail.text("availabilityZoneInfo.0.zoneName") == "internal")
            let services =
                detail.json["availabilityZoneInfo"]?.items.first?["hosts"]?.members.values.first?.members ?? [:]
            #expect(services.keys.sorted() == ["nova-conductor", "nova-scheduler"], "\(detail)")
            #expect(services.values.allSatisfy { $0["available"] == true && $0["active"] == true })
        }
    }

    @Test func theProjectMayStandInThePath() async throws {
        try await CloudFixture.run { fixture async throws in
            let demo = fixture.people.demo
            #expect(try await fixture.request(.get, "\(base)/\(demo)/servers").status == 200)
            let other = fixture.people.projects["other"]?.text ?? ""
            let wrong = try await fixture.request(.get, "\(base)/\(other)/servers")
            #expect(wrong.status == 400)
            #expect(wrong.text("badRequest.message").hasPrefix("Malformed request URL: URL's project_id"))
        }
    }

    @Test func actionsOfAServerAreItsHistory() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let stop = try await fixture.request(
                .post, "\(base)/servers/\(id)/action", json: #"{"os-stop": null}"#)
            #expect(stop.status == 202)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            let found = try await fixture.request(.get, "\(base)/servers/\(id)/os-instance-actions", version: "2.100")
            #expect(found.text("instanceActions.0.action") == "stop")
            #expect(found.text("instanceActions.1.action") == "create")
            #expect(found.text("instanceActions.0.request_id") == stop.header("X-OpenStack-Request-ID"))
        }
    }
}
