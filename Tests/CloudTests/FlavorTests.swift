import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Flavors as Nova lists and takes them.
@Suite(.timeLimit(.minutes(3)))
struct FlavorTests {
    private func list(
        _ query: String, _ fixture: CloudFixture, as role: People.Role = .member
    ) async throws -> [String] {
        let answer = try await fixture.request(.get, "/compute/v2.1/flavors?\(query)", as: role)
        #expect(answer.status == 200, "\(query): \(answer)")
        return (0..<answer.count("flavors")).map { answer.text("flavors.\($0).id") }
    }

    private func make(
        _ members: String, _ fixture: CloudFixture, version: String = "2.1"
    ) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/flavors", as: .admin, version: version,
            json: #"{"flavor": {"name": "own", "id": "own", "vcpus": 1, "ram": 64, "disk": 0, \#(members)}}"#)
    }

    /// From 2.86 on specs of Nova's own namespaces are looked at, whether several come or one.
    @Test func extraSpecsAreJudgedFromTheirVersionOn() async throws {
        try await CloudFixture.run { fixture in
            let specs = "/compute/v2.1/flavors/1/os-extra_specs"
            for (version, status) in [("2.85", 200), ("2.86", 400), ("2.104", 400)] {
                let all = try await fixture.request(
                    .post, specs, as: .admin, version: version,
                    json: #"{"extra_specs": {"own:x": "y", "hw:cpu_policy": "shred"}}"#)
                #expect(all.status == status, "\(version): \(all)")
                let one = try await fixture.request(
                    .put, "\(specs)/hw:numa_nodes", as: .admin, version: version, json: #"{"hw:numa_nodes": 0}"#)
                #expect(one.status == status, "\(version): \(one)")
            }
            let good = try await fixture.request(
                .post, specs, as: .admin, version: "2.104",
                json: #"{"extra_specs": {"own:x": "z", "hw:cpu_policy": "shared", "hw:numa_nodes": 1}}"#)
            #expect(good.status == 200, "\(good)")
            let kept = try await fixture.request(.get, specs)
            #expect(kept.at("extra_specs")?["hw:cpu_policy"] == .string("shared"))
        }
    }

    @Test func theyAreSorted() async throws {
        try await CloudFixture.run { fixture async throws in
            #expect(try await list("sort_key=&sort_dir=", fixture) == ["1", "2", "3", "4", "42", "5"])
            #expect(try await list("", fixture) == ["1", "2", "3", "4", "42", "5"])
            #expect(try await list("sort_key=memory_mb", fixture) == ["42", "1", "2", "3", "4", "5"])
            #expect(try await list("sort_key=vcpus&sort_dir=desc", fixture) == ["5", "4", "3", "42", "2", "1"])
            #expect(try await list("sort_dir=desc&limit=2&marker=5", fixture) == ["42", "4"])
            for query in ["sort_key=colour", "sort_dir=up"] {
                #expect(try await fixture.request(.get, "/compute/v2.1/flavors?\(query)").status == 400)
            }
        }
    }

    @Test func administratorsChooseWhichTheySee() async throws {
        try await CloudFixture.run { fixture async throws in
            #expect(try await make(#""os-flavor-access:is_public": false"#, fixture).status == 200)
            for word in ["false", "off", "n", "0", "F"] {
                #expect(try await list("is_public=\(word)", fixture, as: .admin) == ["own"], "\(word)")
            }
            for word in ["true", "on", "y", "1"] {
                #expect(try await list("is_public=\(word)", fixture, as: .admin).count == 6, "\(word)")
            }
            #expect(try await list("is_public=None", fixture, as: .admin).count == 7)
            let junk = try await fixture.request(.get, "/compute/v2.1/flavors?is_public=perhaps", as: .admin)
            #expect(junk.status == 400)
            #expect(try await list("is_public=perhaps", fixture).count == 6)
        }
    }

    @Test func theRXTXFactorEndsBefore2102() async throws {
        try await CloudFixture.run { fixture async throws in
            #expect(try await make(#""rxtx_factor": 2"#, fixture, version: "2.102").status == 400)
            #expect(try await make(#""rxtx_factor": 2"#, fixture, version: "2.101").status == 200)
        }
    }

    @Test func extraSpecsMayBeNumbers() async throws {
        try await CloudFixture.run { fixture async throws in
            let specs = "/compute/v2.1/flavors/1/os-extra_specs"
            let made = try await fixture.request(
                .post, specs, as: .admin, json: #"{"extra_specs": {"quota:cpu_shares": 512, "x": 1.5, "y": "z"}}"#)
            #expect(made.status == 200, "\(made)")
            let put = try await fixture.request(.put, "\(specs)/w", as: .admin, json: #"{"w": 7}"#)
            #expect(put.status == 200, "\(put)")
            let kept = try await fixture.request(.get, specs)
            let values = ["quota:cpu_shares", "x", "y", "w"].map { kept.at("extra_specs")?[$0] }
            #expect(values == [.string("512"), .string("1.5"), .string("z"), .string("7")])
            let refused = try await fixture.request(
                .post, specs, as: .admin, json: #"{"extra_specs": {"x": true}}"#)
            #expect(refused.status == 400)
        }
    }

    @Test func tagsOfNICsComeAndGo() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.request(.get, "/network/v2.0/networks?name=default").text("networks.0.id")
            let body =
                #"{"server": {"name": "x", "imageRef": "\#(fixture.image)", "flavorRef": "42", "#
                + #""networks": [{"uuid": "\#(network)", "tag": "blue"}]}}"#
            for (version, status) in [(31, 400), (32, 202), (36, 202), (37, 400), (41, 400), (42, 202)] {
                let answer = try await fixture.request(
                    .post, "/compute/v2.1/servers", version: "2.\(version)", json: body)
                #expect(answer.status == status, "2.\(version): \(answer)")
            }
        }
    }
}
