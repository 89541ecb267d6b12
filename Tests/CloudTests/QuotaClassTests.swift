import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// `/os-quota-class-sets`: the class `default` has the limits of whoever has none of its own.
@Suite(.timeLimit(.minutes(3)))
struct QuotaClassTests {
    private func run(on kind: StoreKind, _ body: @Sendable (CloudFixture) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        options.database = try await ScratchStore(on: kind)
        try await CloudFixture.run(options, body)
    }

    private func ask(
        _ method: HTTPRequest.Method, _ path: String, _ fixture: CloudFixture, _ json: String? = nil,
        version: String = "2.104"
    ) async throws -> Answer {
        try await fixture.request(method, "/compute/v2.1/\(path)", as: .admin, version: version, json: json)
    }

    private func put(
        _ limits: String, _ fixture: CloudFixture, ofClass name: String = "default"
    ) async throws -> Answer {
        try await ask(.put, "os-quota-class-sets/\(name)", fixture, #"{"quota_class_set": \#(limits)}"#)
    }

    @Test(arguments: StoreKind.here) func eachVersionHasItsMembers(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            for (version, count, absent) in [
                ("2.1", 1 + 12, "server_groups"), ("2.50", 1 + 10, "fixed_ips"), ("2.57", 1 + 7, "injected_files"),
            ] {
                let shown = try await ask(.get, "os-quota-class-sets/default", fixture, version: version)
                let members = shown.at("quota_class_set")?.members ?? [:]
                #expect(members.count == count && members[absent] == nil, "\(version): \(shown)")
                #expect(members["id"] == .string("default") && members["instances"] == .integer(10))
            }
        }
    }

    @Test(arguments: StoreKind.here) func projectsWithoutLimitsOfTheirOwnFollow(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            let (demo, other) = (fixture.people.demo, fixture.people.projects["other"] ?? fixture.people.demo)
            _ = try await fixture.create()
            try await fixture.cloud.compute.setQuotas(["cores": 7], of: demo, force: false)
            let changed = try await put(#"{"instances": 2, "cores": 3, "key_pairs": 0}"#, fixture)
            #expect(changed.status == 200 && changed.at("quota_class_set.id") == nil, "\(changed)")
            #expect(changed.at("quota_class_set.cores") == .integer(3))
            for (project, cores) in [(demo, 7), (other, 3)] {
                let shown = try await ask(.get, "os-quota-sets/\(project)", fixture)
                #expect(shown.at("quota_set.instances") == .integer(2), "\(shown)")
                #expect(shown.at("quota_set.cores") == .integer(cores), "\(shown)")
            }
            let defaults = try await ask(.get, "os-quota-sets/\(demo)/defaults", fixture)
            #expect(defaults.at("quota_set.cores") == .integer(3))
            _ = try await fixture.create()
            for role in [People.Role.member, .stranger] {
                let error = await #expect(throws: CloudError.self) { try await fixture.create(as: role, count: 3) }
                #expect(error?.kind == .overQuota)
            }
            let key = try await fixture.request(
                .post, "/compute/v2.1/os-keypairs", as: .stranger, version: "2.1",
                json: #"{"keypair": {"name": "k"}}"#)
            #expect(key.status == 403, "\(key)")
            // A project that gives its own up follows again.
            _ = try await ask(.delete, "os-quota-sets/\(demo)", fixture)
            _ = try await put(#"{"cores": 5}"#, fixture)
            #expect(try await ask(.get, "os-quota-sets/\(demo)", fixture).at("quota_set.cores") == .integer(5))
        }
    }

    @Test(arguments: StoreKind.here) func otherClassesAreKeptAlone(kind: StoreKind) async throws {
        try await run(on: kind) { fixture in
            _ = try await put(#"{"cores": 3}"#, fixture, ofClass: "gold")
            #expect(
                try await ask(.get, "os-quota-class-sets/gold", fixture).at("quota_class_set.cores") == .integer(3))
            #expect(
                try await ask(.get, "os-quota-class-sets/default", fixture).at("quota_class_set.cores") == .integer(20))
            for body in [#"{"cores": -2}"#, #"{"cores": "many"}"#, #"{"cores": null}"#, #"{"fixed_ips": 3}"#] {
                #expect(try await put(body, fixture).status == 400, "\(body)")
            }
            let path = "/compute/v2.1/os-quota-class-sets/default"
            #expect(try await fixture.request(.get, path).status == 403)
        }
    }
}
