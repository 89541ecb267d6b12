import Attributes
import Cloud
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// What Placement shows of servers.
@Suite(.timeLimit(.minutes(3)))
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

    @Test func traitsAreWhatHostsReport() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        options.inventory = { index in
            SimulatedHost.inventory(
                index, memoryMiB: 2048, traits: index == 0 ? ["HW_FAST", "CUSTOM_A", "HW_FAST"] : ["CUSTOM_A"])
        }
        try await CloudFixture.run(options) { fixture async throws in
            func ask(_ path: String, _ version: String = "1.39") async throws -> Answer {
                try await fixture.request(.get, "/placement/\(path)", as: .admin, version: "placement \(version)")
            }
            func names(_ answer: Answer, _ list: String, _ member: String = "") -> [String] {
                (0..<answer.count(list)).map { answer.text("\(list).\($0)\(member)") }
            }
            #expect(try await names(ask("traits"), "traits") == ["CUSTOM_A", "HW_FAST"])
            #expect(try await names(ask("traits?name=startswith:HW_"), "traits") == ["HW_FAST"])
            #expect(try await names(ask("traits?name=in:CUSTOM_A,CUSTOM_B"), "traits") == ["CUSTOM_A"])
            #expect(try await ask("traits?name=HW").status == 400)
            #expect(try await ask("traits/HW_FAST").status == 204)
            #expect(try await ask("traits/HW_SLOW").status == 404)
            #expect(try await ask("traits", "1.5").status == 404)
            let own = try await ask("resource_providers/\(fixture.hosts[0].id)/traits")
            #expect(names(own, "traits") == ["CUSTOM_A", "HW_FAST"], "\(own)")
            for (query, version, found) in [
                ("required=HW_FAST", "1.39", ["sim-1"]), ("required=CUSTOM_A", "1.18", ["sim-1", "sim-2"]),
                ("required=CUSTOM_A,!HW_FAST", "1.22", ["sim-2"]),
                ("required=in:HW_FAST,HW_SLOW", "1.39", ["sim-1"]),
                ("required=CUSTOM_A&required=!HW_FAST", "1.39", ["sim-2"]), ("required=HW_SLOW", "1.39", []),
            ] {
                let answer = try await ask("resource_providers?\(query)", version)
                #expect(names(answer, "resource_providers", ".name") == found, "\(query): \(answer)")
            }
            #expect(try await ask("resource_providers?required=HW_FAST", "1.17").status == 400)
            #expect(try await ask("resource_providers?required=").status == 400)
            #expect(try await ask("resource_providers?required=!HW_FAST", "1.21").status == 400)
        }
    }

    /// What a version does not know is refused, and what it knows finds what it says.
    @Test func providersAreFiltered() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        try await CloudFixture.run(options) { fixture async throws in
            func list(_ query: String, _ version: String = "1.39") async throws -> Answer {
                try await fixture.request(
                    .get, "/placement/resource_providers?\(query)", as: .admin, version: "placement \(version)")
            }
            let id = fixture.hosts[0].id.text
            for (query, count) in [
                ("in_tree=\(id)", 1), ("uuid=\(id)&in_tree=\(fixture.hosts[1].id)", 0), ("resources=VCPU:1", 2),
                ("resources=VCPU:1,DISK_GB:100000000", 0), ("resources=VGPU:1", 0), ("member_of=\(id)", 0),
                ("member_of=!\(id)", 2), ("name=none", 0),
            ] {
                let found = try await list(query)
                #expect(found.count("resource_providers") == count, "\(query): \(found)")
            }
            for (query, version) in [
                ("bogus=1", "1.39"), ("in_tree=\(id)", "1.13"), ("resources=VCPU:1", "1.3"), ("member_of=x", "1.2"),
                ("resources=VCPU", "1.39"), ("resources=VCPU:0", "1.39"), ("in_tree=x", "1.39"),
                ("resources=CUSTOM_X:1", "1.39"), ("required=CUSTOM_X", "1.39"), ("member_of=!\(id)", "1.31"),
                ("required=CUSTOM_SIMULATED,!CUSTOM_SIMULATED", "1.39"), ("member_of=\(id),\(id)", "1.39"),
            ] {
                #expect(try await list(query, version).status == 400, "\(query) at \(version)")
            }
        }
    }

    @Test func usagesNameTheKindOfConsumers() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try #require(try await fixture.create().first?.id)
            try await fixture.server(id) { $0.settled == .active }
            let path = "/placement/usages?project_id=\(fixture.people.demo)"
            let plain = try await fixture.request(.get, path, as: .admin, version: "placement 1.37")
            #expect(plain.at("usages.VCPU") == 1, "\(plain)")
            let typed = try await fixture.request(.get, path, as: .admin, version: "placement 1.38")
            #expect(typed.at("usages.INSTANCE.VCPU") == 1, "\(typed)")
            #expect(typed.at("usages.INSTANCE.consumer_count") == 1, "\(typed)")
            let all = try await fixture.request(
                .get, path + "&consumer_type=all", as: .admin, version: "placement 1.38")
            #expect(all.at("usages.all.consumer_count") == 1, "\(all)")
            let shown = try await fixture.request(
                .get, "/placement/allocations/\(id)", as: .admin, version: "placement 1.38")
            #expect(shown.text("consumer_type") == "INSTANCE", "\(shown)")
        }
    }
}
