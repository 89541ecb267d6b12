import Cloud
import Compute
import HTTPTypes
import Model
import Store
import TestSupport
import Testing
import Wire

/// `/os-aggregates`: what Nova's administrators say of hosts, and what Placement and zones show of it.
@Suite(.timeLimit(.minutes(3)))
struct AggregateTests {
    /// A cloud of two hosts, with an administrator's words for its aggregates.
    private struct Lab: Sendable {
        let fixture: CloudFixture

        static func run(on kind: StoreKind, _ body: @Sendable (Lab) async throws -> Void) async throws {
            var options = CloudFixture.Options()
            options.hosts = 2
            options.database = try await ScratchStore(on: kind)
            try await CloudFixture.run(options) { try await body(Lab(fixture: $0)) }
        }

        func ask(
            _ method: HTTPRequest.Method, _ path: String = "", _ json: String? = nil, version: String = "2.104",
            as role: People.Role = .admin
        ) async throws -> Answer {
            try await fixture.request(
                method, "/compute/v2.1/os-aggregates\(path)", as: role, version: version, json: json)
        }

        /// Its number.
        func made(_ name: String, zone: String? = nil) async throws -> Int {
            let zone = zone.map { #", "availability_zone": "\#($0)""# } ?? ""
            let made = try await ask(.post, "", #"{"aggregate": {"name": "\#(name)"\#(zone)}}"#)
            guard case .integer(let id)? = made.at("aggregate.id") else {
                throw CloudError(.internal, "\(made)")
            }
            return id
        }

        func act(_ action: String, _ body: String, on id: Int) async throws -> Answer {
            try await ask(.post, "/\(id)/action", #"{"\#(action)": \#(body)}"#)
        }

        func add(_ host: String, to id: Int) async throws -> Answer {
            try await act("add_host", #"{"host": "\#(host)"}"#, on: id)
        }

        func remove(_ host: String, from id: Int) async throws -> Answer {
            try await act("remove_host", #"{"host": "\#(host)"}"#, on: id)
        }

        func describe(_ metadata: String, _ id: Int) async throws -> Answer {
            try await act("set_metadata", #"{"metadata": \#(metadata)}"#, on: id)
        }

        func zone(of host: String) async throws -> String {
            try await fixture.cloud.compute.host(named: host).availabilityZone
        }

        func placementAggregates(of host: Int) async throws -> Answer {
            try await fixture.request(
                .get, "/placement/resource_providers/\(fixture.hosts[host].id)/aggregates", as: .admin,
                version: "placement 1.19")
        }
    }

    private func message(_ answer: Answer) -> String {
        answer.json.members.values.first.map { $0.at("message") }.flatMap { $0 }.map {
            if case .string(let text) = $0 { text } else { "" }
        } ?? ""
    }

    @Test(arguments: StoreKind.here) func anAggregateIsMadeShownChangedAndDeleted(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let made = try await lab.ask(.post, "", #"{"aggregate": {"name": "a", "availability_zone": "east"}}"#)
            #expect(made.status == 200 && made.at("aggregate.hosts") == nil && made.at("aggregate.metadata") == nil)
            #expect(made.at("aggregate.id") == .integer(1) && made.text("aggregate.availability_zone") == "east")
            #expect(made.at("aggregate.updated_at") == .null && made.at("aggregate.deleted") == .bool(false))
            let shown = try await lab.ask(.get, "/1")
            #expect(shown.text("aggregate.metadata.availability_zone") == "east" && shown.count("aggregate.hosts") == 0)
            #expect(UUIDText.isValid(shown.text("aggregate.uuid")))
            let old = try await lab.ask(.get, "", version: "2.40")
            #expect(old.at("aggregates.0.uuid") == nil && old.text("aggregates.0.name") == "a")
            let renamed = try await lab.ask(.put, "/1", #"{"aggregate": {"name": " b "}}"#)
            #expect(renamed.text("aggregate.name") == "b" && renamed.at("aggregate.updated_at") != .null)
            #expect(renamed.text("aggregate.availability_zone") == "east")
            #expect(try await lab.ask(.delete, "/1").status == 200)
            #expect(try await lab.ask(.get, "/1").status == 404)
            // A number is given once.
            #expect(try await lab.made("c") == 2)
        }
    }

    @Test(arguments: StoreKind.here) func whatNovaRefusesIsRefused(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            _ = try await lab.made("a")
            for (body, status) in [
                (#"{"name": "a"}"#, 409), (#"{"name": ""}"#, 400), (#"{"name": " a"}"#, 400), (#"{"name": null}"#, 400),
                (#"{"name": "b", "availability_zone": "x:y"}"#, 400), (#"{"name": "b", "availability_zone": ""}"#, 400),
                (#"{"name": "b", "hosts": []}"#, 400), ("{}", 400),
                (#"{"name": "b", "availability_zone": null}"#, 200),
            ] {
                let answer = try await lab.ask(.post, "", #"{"aggregate": \#(body)}"#)
                #expect(answer.status == status, "\(body): \(answer)")
            }
            let taken = try await lab.ask(.put, "/1", #"{"aggregate": {"name": "b"}}"#)
            #expect(taken.status == 409 && message(taken) == "Aggregate b already exists.")
            #expect(try await lab.ask(.put, "/1", #"{"aggregate": {}}"#).status == 400)
            let unnamed = try await lab.ask(.put, "/1", #"{"aggregate": {"availability_zone": null}}"#)
            let reason = "Reason: Aggregate a does not support empty named availability zone."
            #expect(unnamed.status == 400 && message(unnamed) == "Cannot update aggregate 1. \(reason)")
            for (path, status) in [("/99", 404), ("/one", 400)] {
                #expect(try await lab.ask(.get, path).status == status)
                #expect(try await lab.ask(.delete, path).status == status)
            }
            for (action, body, status) in [
                ("add_host", #"{"host": "mars"}"#, 404), ("add_host", #"{"host": "a/b"}"#, 400),
                ("add_host", "{}", 400),
                ("remove_host", #"{"host": "sim-1"}"#, 404), ("set_metadata", "{}", 400),
                ("set_metadata", #"{"metadata": null}"#, 400), ("set_metadata", #"{"metadata": {"a/b": "c"}}"#, 400),
                ("set_metadata", #"{"metadata": {"a": 1}}"#, 400), ("explode", "{}", 400),
            ] {
                let answer = try await lab.act(action, body, on: 1)
                #expect(answer.status == status, "\(action) \(body): \(answer)")
            }
            for role in [People.Role.member, .reader] {
                #expect(try await lab.ask(.get, as: role).status == 403)
            }
        }
    }

    @Test(arguments: StoreKind.here) func hostsComeAndGo(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let id = try await lab.made("a", zone: "east")
            let added = try await lab.add("sim-2", to: id)
            #expect(added.status == 200 && added.at("aggregate.hosts") == .array([.string("sim-2")]))
            let again = try await lab.add("sim-2", to: id)
            #expect(again.status == 409 && message(again) == "Aggregate 1 already has host sim-2.")
            #expect(try await lab.zone(of: "sim-2") == "east")
            #expect(try await lab.zone(of: "sim-1") == "nova")
            let uuid = added.text("aggregate.uuid")
            #expect(try await lab.placementAggregates(of: 1).at("aggregates") == .array([.string(uuid)]))
            #expect(try await lab.placementAggregates(of: 0).count("aggregates") == 0)
            let kept = try await lab.ask(.delete, "/\(id)")
            let reason = "Cannot remove host from aggregate 1. Reason: Host aggregate is not empty."
            #expect(kept.status == 400 && message(kept) == reason)
            let removed = try await lab.remove("sim-2", from: id)
            #expect(removed.status == 200 && removed.count("aggregate.hosts") == 0)
            #expect(try await lab.zone(of: "sim-2") == "nova")
            #expect(try await lab.placementAggregates(of: 1).count("aggregates") == 0)
            #expect(try await lab.ask(.delete, "/\(id)").status == 200)
        }
    }

    @Test(arguments: StoreKind.here) func metadataIsMergedAndNullTakesAway(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let id = try await lab.made("a", zone: "east")
            _ = try await lab.describe(#"{"ssd": "true", "gpu": "yes"}"#, id)
            let changed = try await lab.describe(#"{"ssd": null, "gpu": "no", "none": null}"#, id)
            #expect(changed.json["aggregate"]?["metadata"]?.members.keys.sorted() == ["availability_zone", "gpu"])
            #expect(changed.text("aggregate.metadata.gpu") == "no")
            let zone = try await lab.describe(#"{"availability_zone": null}"#, id)
            #expect(zone.status == 400 && message(zone).hasPrefix("Cannot update metadata of aggregate 1. Reason: "))
        }
    }

    @Test(arguments: StoreKind.here) func aHostIsInOneZone(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let (east, west, plain) = (
                try await lab.made("e", zone: "east"), try await lab.made("w", zone: "west"), try await lab.made("p")
            )
            for id in [east, plain] { #expect(try await lab.add("sim-1", to: id).status == 200) }
            let second = try await lab.add("sim-1", to: west)
            let reason = "Reason: One or more hosts already in availability zone(s) ['east']."
            #expect(second.status == 409 && message(second) == "Cannot add host to aggregate 2. \(reason)")
            let described = try await lab.describe(#"{"availability_zone": "west"}"#, plain)
            #expect(described.status == 400)
            #expect(message(described) == "Cannot update metadata of aggregate 3. \(reason)")
            let put = try await lab.ask(.put, "/\(plain)", #"{"aggregate": {"availability_zone": "west"}}"#)
            #expect(put.status == 400 && message(put) == "Cannot update aggregate 3. \(reason)")
            #expect(try await lab.describe(#"{"availability_zone": "east"}"#, plain).status == 200)
            // It stays in the zone that another aggregate says.
            #expect(try await lab.remove("sim-1", from: east).status == 200)
            #expect(try await lab.zone(of: "sim-1") == "east")
        }
    }

    @Test(arguments: StoreKind.here) func noServerChangesItsZone(kind: StoreKind) async throws {
        try await Lab.run(on: kind) { lab in
            let east = try await lab.made("e", zone: "east")
            _ = try await lab.add("sim-1", to: east)
            let server = try #require(try await lab.fixture.create { $0.availabilityZone = "east" }.first).id
            try await lab.fixture.server(server) { $0.settled == .active }
            let removed = try await lab.remove("sim-1", from: east)
            let words = "availability zone of the host would change from 'east' to 'None'"
            #expect(removed.status == 409 && message(removed).contains(words), "\(removed)")
            let renamed = try await lab.ask(.put, "/\(east)", #"{"aggregate": {"availability_zone": "west"}}"#)
            let reason = "Reason: One or more hosts contain instances in this zone."
            #expect(renamed.status == 400 && message(renamed) == "Cannot update aggregate 1. \(reason)")
            let described = try await lab.describe(#"{"availability_zone": "west"}"#, east)
            #expect(described.status == 400 && message(described).hasSuffix(reason))
            #expect(try await lab.describe(#"{"availability_zone": "east", "ssd": "true"}"#, east).status == 200)
            #expect(try await lab.zone(of: "sim-1") == "east")
            // Nor is it taken into one.
            let other = try #require(try await lab.fixture.create { $0.availabilityZone = "nova" }.first).id
            try await lab.fixture.server(other) { $0.settled == .active }
            let west = try await lab.made("w", zone: "west")
            let added = try await lab.add("sim-2", to: west)
            #expect(added.status == 409 && message(added).contains("would change from 'None' to 'west'"), "\(added)")
            #expect(message(added).contains("already has 1 instance(s)"))
            #expect(try await lab.add("sim-2", to: try await lab.made("p")).status == 200)
        }
    }
}
