import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// What Placement shows of servers.
@Suite(.timeLimit(.minutes(1)))
struct PlacementTests {
    @Test func usagesFollowServers() async throws {
        try await CloudFixture.run { fixture async throws in
            let provider = "/placement/resource_providers/\(fixture.host.id)"
            func used() async throws -> JSONValue? {
                try await fixture.request(.get, "\(provider)/usages", as: .admin).at("usages.MEMORY_MB")
            }
            #expect(try await used() == .integer(0))
            let id = try await fixture.boot()
            #expect(try await used() == .integer(256))
            let held = try await fixture.request(.get, "/placement/allocations/\(id)", as: .admin)
            #expect(held.at("allocations.\(fixture.host.id).resources.VCPU") == .integer(1), "\(held)")
            let mine = try await fixture.request(
                .get, "/placement/usages?project_id=\(fixture.people.demo)", version: "placement 1.9")
            #expect(mine.at("usages.DISK_GB") == .integer(1), "\(mine)")
            let foreign = try await fixture.request(
                .get, "/placement/usages?project_id=\(fixture.people.demo)", as: .stranger, version: "placement 1.9")
            #expect(foreign.status == 403)
            #expect(try await fixture.request(.delete, "/compute/v2.1/servers/\(id)").status == 204)
            try await fixture.server(id) { $0.settled == .deleted }
            #expect(try await used() == .integer(0))
        }
    }
}
