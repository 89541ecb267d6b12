import Attributes
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Where Placement would place a consumer.
@Suite(.timeLimit(.minutes(3)))
struct AllocationCandidateTests {
    private func run(_ body: @Sendable (CloudFixture) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        options.hosts = 3
        options.inventory = { index in
            SimulatedHost.inventory(
                index, memoryMiB: 1024 << index, traits: index == 0 ? ["HW_A"] : ["HW_A", "CUSTOM_B"])
        }
        try await CloudFixture.run(options, body)
    }

    private func ask(_ fixture: CloudFixture, _ query: String, _ version: String = "1.39") async throws -> Answer {
        try await fixture.request(
            .get, "/placement/allocation_candidates?\(query)", as: .admin, version: "placement \(version)")
    }

    @Test func showsWhatWouldBeClaimed() async throws {
        try await run { fixture in
            let id = fixture.hosts[2].id
            let answer = try await ask(fixture, "resources=VCPU:1,MEMORY_MB:3000")
            #expect(answer.count("allocation_requests") == 1, "\(answer)")
            #expect(answer.at("allocation_requests.0.allocations.\(id).resources.MEMORY_MB") == 3000)
            #expect(answer.at("allocation_requests.0.mappings")?[""]?.jsonText == "[\"\(id)\"]", "\(answer)")
            let summary = try #require(answer.at("provider_summaries.\(id)"))
            #expect(summary.at("resources.DISK_GB.used") == 0 && summary.at("traits.0") == "CUSTOM_B")
            #expect(summary.at("parent_provider_uuid") == .null)
            #expect(summary.at("root_provider_uuid") == .string(id.text))
            let old = try await ask(fixture, "resources=VCPU:1,MEMORY_MB:3000", "1.11")
            #expect(old.text("allocation_requests.0.allocations.0.resource_provider.uuid") == id.text, "\(old)")
            #expect(old.at("provider_summaries.\(id).resources.DISK_GB") == nil)
            #expect(old.at("provider_summaries.\(id).traits") == nil)
        }
    }

    @Test func groupsAreServedByOneProvider() async throws {
        try await run { fixture in
            let id = fixture.hosts[1].id
            for (query, version, count) in [
                ("resources=VCPU:1", "1.10", 3), ("resources=VCPU:1&limit=2", "1.16", 2),
                ("resources=VCPU:1&required=CUSTOM_B", "1.17", 2), ("resources=VCPU:1&required=!CUSTOM_B", "1.22", 1),
                ("resources=VCPU:1&required=in:CUSTOM_B,HW_A", "1.39", 3),
                ("resources=VCPU:1&in_tree=\(id)", "1.31", 1),
                ("resources=VCPU:1&member_of=\(id)", "1.21", 0), ("resources=VCPU:1&member_of=!\(id)", "1.32", 3),
                ("resources=VCPU:1&root_required=CUSTOM_B", "1.35", 2), ("resources=VGPU:1", "1.39", 0),
                ("resources=MEMORY_MB:700&resources1=MEMORY_MB:700", "1.25", 2),
                ("resources1=VCPU:1&resources2=VCPU:1&group_policy=none", "1.25", 3),
                ("resources1=VCPU:1&resources2=VCPU:1&group_policy=isolate", "1.25", 0),
                ("resources_A=VCPU:1&required_B=CUSTOM_B&same_subtree=_A,_B&group_policy=none", "1.36", 2),
                ("resources=VCPU:\(Int.max)&resources1=VCPU:\(Int.max)", "1.39", 0),
            ] {
                let answer = try await ask(fixture, query, version)
                #expect(answer.count("allocation_requests") == count, "\(query) at \(version): \(answer)")
            }
        }
    }

    @Test func whatAVersionDoesNotKnowIsRefused() async throws {
        try await run { fixture in
            for (query, version) in [
                ("", "1.10"), ("resources=", "1.10"), ("resources=VCPU", "1.10"), ("resources=CUSTOM_X:1", "1.10"),
                ("resources=VCPU:1&limit=1", "1.15"), ("resources=VCPU:1&limit=0", "1.16"),
                ("resources=VCPU:1&required=HW_A", "1.16"), ("resources=VCPU:1&required=!HW_A", "1.21"),
                ("resources=VCPU:1&member_of=x", "1.21"), ("resources1=VCPU:1", "1.24"),
                ("resources1=VCPU:1&resources2=VCPU:1", "1.25"), ("resources_A=VCPU:1", "1.32"),
                ("resources=VCPU:1&in_tree=x", "1.31"), ("resources=VCPU:1&group_policy=some", "1.25"),
                ("resources=VCPU:1&root_required=HW_A", "1.34"), ("resources=VCPU:1&required1=HW_A", "1.35"),
                ("resources=VCPU:1&required1=HW_A", "1.36"), ("resources=VCPU:1&same_subtree=_X", "1.36"),
                ("resources=VCPU:1&same_subtree=", "1.36"), ("resources=VCPU:1&bogus=1", "1.39"),
                ("resources=VCPU:1&required=HW_A,!HW_A", "1.39"), ("resources=VCPU:1&required=CUSTOM_NONE", "1.39"),
            ] {
                let answer = try await ask(fixture, query, version)
                #expect(answer.status == 400, "\(query) at \(version): \(answer)")
            }
            #expect(try await ask(fixture, "resources=VCPU:1", "1.9").status == 404)
        }
    }
}
