import Attributes
import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Inspection
import Model
import Store
import TestSupport
import Testing
import Wire

/// What clients write into Placement, and what of the cloud's own hosts they may not.
@Suite(.timeLimit(.minutes(3)))
struct PlacementWriteTests {
    private struct Placement: Sendable {
        let fixture: CloudFixture

        func ask(
            _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil, version: String = "1.39",
            as role: People.Role = .admin
        ) async throws -> Answer {
            try await fixture.request(
                method, "/placement/\(path)", as: role, version: "placement \(version)", json: json)
        }

        /// A provider of one's own, and its path.
        func provider(_ name: String = "own") async throws -> String {
            let made = try await ask(.post, "resource_providers", #"{"name": "\#(name)"}"#)
            return "resource_providers/\(made.text("uuid"))"
        }

        func generation(_ provider: String) async throws -> Int {
            guard case .integer(let number)? = try await ask(.get, provider).at("generation") else { return -1 }
            return number
        }

        func put(_ path: String, of provider: String, _ rest: String) async throws -> Answer {
            let seen = try await generation(provider)
            return try await ask(
                .put, "\(provider)/\(path)", #"{"resource_provider_generation": \#(seen), \#(rest)}"#)
        }
    }

    private func run(_ body: @Sendable (Placement) async throws -> Void) async throws {
        try await CloudFixture.run { fixture in
            try await body(Placement(fixture: fixture))
            #expect(try await StoreAudit.differences(in: fixture.cloud.database) == [])
        }
    }

    @Test func classesAreStandardOrMade() async throws {
        try await run { placement in
            let listed = try await placement.ask(.get, "resource_classes")
            #expect(listed.text("resource_classes.0.name") == "VCPU")
            #expect(listed.text("resource_classes.0.links.0.href") == "/placement/resource_classes/VCPU")
            let made = try await placement.ask(.post, "resource_classes", #"{"name": "CUSTOM_GOLD"}"#)
            #expect(made.status == 201 && made.header("Location").hasSuffix("/placement/resource_classes/CUSTOM_GOLD"))
            for (method, path, json, version, status) in [
                (.post, "", #"{"name": "CUSTOM_GOLD"}"#, "1.2", 409), (.post, "", #"{"name": "GOLD"}"#, "1.2", 400),
                (.post, "", #"{"name": "CUSTOM_"}"#, "1.2", 400), (.post, "", #"{"name": "CUSTOM_a"}"#, "1.2", 400),
                (.get, "/CUSTOM_GOLD", nil, "1.1", 404), (.get, "/CUSTOM_TIN", nil, "1.2", 404),
                (.put, "/CUSTOM_GOLD", nil, "1.7", 204), (.put, "/CUSTOM_TIN", nil, "1.7", 201),
                (.put, "/VCPU", nil, "1.7", 400), (.put, "/VCPU", #"{"name": "CUSTOM_X"}"#, "1.6", 400),
                (.put, "/CUSTOM_TIN", #"{"name": "CUSTOM_GOLD"}"#, "1.6", 409),
                (.put, "/CUSTOM_TIN", #"{"name": "CUSTOM_LEAD"}"#, "1.6", 200),
                (.get, "/CUSTOM_LEAD", nil, "1.39", 200), (.delete, "/CUSTOM_TIN", nil, "1.39", 404),
                (.delete, "/VCPU", nil, "1.39", 400), (.delete, "/CUSTOM_LEAD", nil, "1.39", 204),
            ] as [(HTTPRequest.Method, String, String?, String, Int)] {
                let answer = try await placement.ask(method, "resource_classes\(path)", json, version: version)
                #expect(answer.status == status, "\(method) \(path) at \(version): \(answer)")
            }
        }
    }

    /// A class that is given another name has it wherever it stands, and cannot be deleted while it does.
    @Test func aClassInUseIsKept() async throws {
        try await run { placement in
            let provider = try await placement.provider()
            _ = try await placement.ask(.put, "resource_classes/CUSTOM_GOLD")
            _ = try await placement.put("inventories", of: provider, #""inventories": {"CUSTOM_GOLD": {"total": 3}}"#)
            #expect(try await placement.ask(.delete, "resource_classes/CUSTOM_GOLD").status == 409)
            let renamed = try await placement.ask(
                .put, "resource_classes/CUSTOM_GOLD", #"{"name": "CUSTOM_LEAD"}"#, version: "1.6")
            #expect(renamed.text("name") == "CUSTOM_LEAD")
            let shown = try await placement.ask(.get, "\(provider)/inventories")
            #expect(shown.at("inventories.CUSTOM_LEAD.total") == 3, "\(shown)")
            #expect(try await placement.ask(.delete, "\(provider)/inventories/CUSTOM_LEAD").status == 204)
            #expect(try await placement.ask(.delete, "resource_classes/CUSTOM_LEAD").status == 204)
        }
    }

    @Test func providersAreMadeAndNamed() async throws {
        try await run { placement in
            let id = "0A000000000040008000000000000001"
            let made = try await placement.ask(
                .post, "resource_providers", #"{"name": "a", "uuid": "\#(id)"}"#, version: "1.19")
            #expect(made.status == 201 && made.body.isEmpty)
            let dashed = "0a000000-0000-4000-8000-000000000001"
            #expect(made.header("Location").hasSuffix("/placement/resource_providers/\(dashed)"))
            let shown = try await placement.ask(.get, "resource_providers/\(dashed)")
            #expect(shown.text("root_provider_uuid") == dashed && shown.at("generation") == 0)
            #expect(shown.count("links") == 6, "\(shown)")
            for (method, path, json, status) in [
                (.post, "", #"{"name": "a"}"#, 409), (.post, "", #"{"name": "b", "uuid": "\#(dashed)"}"#, 409),
                (.post, "", "{}", 400), (.post, "", #"{"name": "b", "uuid": "x"}"#, 400),
                (.post, "", #"{"name": "b", "size": 1}"#, 400),
                (.post, "", #"{"name": "b", "parent_provider_uuid": "\#(dashed)"}"#, 501),
                (.post, "", #"{"name": "b", "parent_provider_uuid": null}"#, 200),
                (.put, "/\(dashed)", #"{"name": "b"}"#, 409), (.put, "/\(dashed)", #"{"name": "c"}"#, 200),
                (.put, "/\(dashed)", #"{"name": "c", "uuid": "\#(dashed)"}"#, 400),
                (.delete, "/\(dashed)", nil, 204), (.delete, "/\(dashed)", nil, 404),
            ] as [(HTTPRequest.Method, String, String?, Int)] {
                let answer = try await placement.ask(method, "resource_providers\(path)", json)
                #expect(answer.status == status, "\(method) \(path) \(json ?? ""): \(answer)")
            }
        }
    }

    @Test func inventoriesCountTheirChanges() async throws {
        try await run { placement in
            let provider = try await placement.provider()
            let all = try await placement.put(
                "inventories", of: provider,
                #""inventories": {"VCPU": {"total": 8, "reserved": 1, "allocation_ratio": 2.5}, "PGPU": {"total": 1}}"#)
            #expect(all.at("resource_provider_generation") == 1, "\(all)")
            #expect(all.at("inventories.VCPU.allocation_ratio") == .real(2.5), "\(all)")
            #expect(all.at("inventories.PGPU.max_unit") == 2_147_483_647)
            let stale = #"{"resource_provider_generation": 0, "total": 9}"#
            #expect(try await placement.ask(.put, "\(provider)/inventories/VCPU", stale).status == 409)
            let one = try await placement.put("inventories/VCPU", of: provider, #""total": 9"#)
            #expect(one.at("total") == 9 && one.at("reserved") == 0 && one.at("resource_provider_generation") == 2)
            let added = try await placement.ask(
                .post, "\(provider)/inventories", #"{"resource_class": "DISK_GB", "total": 5}"#)
            #expect(added.status == 201 && added.header("Location").hasSuffix("/inventories/DISK_GB"), "\(added)")
            #expect(try await placement.ask(.get, "\(provider)/inventories/DISK_GB").at("total") == 5)
            #expect(try await placement.ask(.delete, "\(provider)/inventories/DISK_GB").status == 204)
            #expect(try await placement.ask(.delete, "\(provider)/inventories/DISK_GB").status == 404)
            #expect(try await placement.ask(.get, "\(provider)/inventories/DISK_GB").status == 404)
            #expect(try await placement.ask(.delete, "\(provider)/inventories", version: "1.4").status == 405)
            #expect(try await placement.ask(.delete, "\(provider)/inventories").status == 204)
            #expect(try await placement.ask(.get, "\(provider)/inventories").at("inventories") == .object([]))
            #expect(try await placement.generation(provider) == 5)
        }
    }

    @Test(arguments: [
        (#""VCPU": {}"#, 400), (#""VCPU": {"total": 0}"#, 400), (#""VCPU": {"total": "1"}"#, 400),
        (#""VCPU": {"total": 1, "reserved": 2}"#, 400), (#""VCPU": {"total": 1, "reserved": 1}"#, 200),
        (#""VCPU": {"total": 1, "min_unit": 0}"#, 400), (#""VCPU": {"total": 1, "allocation_ratio": 0}"#, 400),
        (#""VCPU": {"total": 1, "allocation_ratio": 1e30}"#, 400), (#""VCPU": {"total": 1, "colour": 1}"#, 400),
        (#""VCPU": {"total": 2147483647, "allocation_ratio": 1000000}"#, 200),
        (#""VCPU": {"total": 2147483648}"#, 400), (#""CUSTOM_NONE": {"total": 1}"#, 400),
    ])
    func inventoriesAreChecked(body: String, status: Int) async throws {
        try await run { placement in
            let provider = try await placement.provider()
            let answer = try await placement.put("inventories", of: provider, #""inventories": {\#(body)}"#)
            #expect(answer.status == status, "\(answer)")
        }
    }

    @Test func traitsAreMadeAndGiven() async throws {
        try await run { placement in
            let provider = try await placement.provider()
            #expect(try await placement.ask(.put, "traits/CUSTOM_FAST").status == 201)
            #expect(try await placement.ask(.put, "traits/CUSTOM_FAST").status == 204)
            #expect(try await placement.ask(.put, "traits/FAST").status == 400)
            let unknown = try await placement.put("traits", of: provider, #""traits": ["CUSTOM_SLOW"]"#)
            #expect(unknown.status == 400, "\(unknown)")
            let given = try await placement.put("traits", of: provider, #""traits": ["CUSTOM_FAST"]"#)
            #expect(given.text("traits.0") == "CUSTOM_FAST" && given.at("resource_provider_generation") == 1)
            #expect(try await placement.ask(.delete, "traits/CUSTOM_FAST").status == 409)
            #expect(try await placement.ask(.get, "traits?associated=false").count("traits") == 0)
            #expect(try await placement.ask(.delete, "\(provider)/traits").status == 204)
            #expect(try await placement.ask(.get, "traits?associated=false").text("traits.0") == "CUSTOM_FAST")
            #expect(try await placement.ask(.get, "traits?associated=no").status == 400)
            #expect(try await placement.ask(.delete, "traits/CUSTOM_FAST").status == 204)
            #expect(try await placement.ask(.delete, "traits/CUSTOM_FAST").status == 404)
        }
    }

    @Test func aggregatesHoldProviders() async throws {
        try await run { placement in
            let provider = try await placement.provider()
            let (one, two) = ("0a000000-0000-4000-8000-000000000001", "0b000000-0000-4000-8000-000000000001")
            let set = try await placement.ask(.put, "\(provider)/aggregates", #"["\#(one)"]"#, version: "1.18")
            #expect(set.text("aggregates.0") == one && set.at("resource_provider_generation") == nil)
            #expect(try await placement.generation(provider) == 0)
            let both = try await placement.put("aggregates", of: provider, #""aggregates": ["\#(one)", "\#(two)"]"#)
            #expect(both.count("aggregates") == 2 && both.at("resource_provider_generation") == 1, "\(both)")
            for (query, count) in [
                ("member_of=\(one)", 1), ("member_of=!\(one)", 1), ("member_of=in:\(one),\(UUIDText.random())", 1),
                ("member_of=\(one)&member_of=\(UUIDText.random())", 0), ("member_of=!in:\(one),\(two)", 1),
            ] {
                let found = try await placement.ask(.get, "resource_providers?\(query)")
                #expect(found.count("resource_providers") == count, "\(query): \(found)")
            }
            for body in [#"["x"]"#, #"["\#(one)", "\#(one)"]"#, "{}"] {
                let answer = try await placement.ask(.put, "\(provider)/aggregates", body, version: "1.18")
                #expect(answer.status == 400, "\(body): \(answer)")
            }
            let stale = #"{"resource_provider_generation": 0, "aggregates": []}"#
            #expect(try await placement.ask(.put, "\(provider)/aggregates", stale).status == 409)
        }
    }

    /// A host's totals, name and being there are its own; what is kept back of it and how often it is given out is not.
    @Test func hostsKeepTheirWord() async throws {
        try await run { placement in
            let fixture = placement.fixture
            let host = "resource_providers/\(fixture.host.id)"
            let total = try await placement.ask(.get, "\(host)/inventories/VCPU").at("total")?.jsonText ?? ""
            let most = #""total": \#(total), "max_unit": \#(total)"#
            let less = try await placement.put(
                "inventories/VCPU", of: host, #"\#(most), "reserved": 1, "allocation_ratio": 1"#)
            #expect(less.status == 200 && less.at("reserved") == 1, "\(less)")
            for (method, path, json) in [
                (.delete, "", nil), (.put, "", #"{"name": "x"}"#), (.delete, "/inventories", nil),
                (.delete, "/inventories/VCPU", nil), (.delete, "/traits", nil),
                (.post, "/inventories", #"{"resource_class": "PGPU", "total": 1}"#),
            ] as [(HTTPRequest.Method, String, String?)] {
                let answer = try await placement.ask(method, host + path, json)
                #expect(answer.status == 409, "\(method) \(path): \(answer)")
            }
            for (path, body) in [
                ("inventories/VCPU", #""total": 1"#), ("inventories/VCPU", #"\#(most), "step_size": 2"#),
                ("inventories", #""inventories": {"VCPU": {\#(most)}}"#), ("traits", #""traits": []"#),
            ] {
                let answer = try await placement.put(path, of: host, body)
                #expect(answer.status == 409, "\(path) \(body): \(answer)")
            }
            _ = try await placement.ask(.put, "traits/CUSTOM_FAST")
            let own = try await placement.ask(.get, "\(host)/traits").at("traits.0")?.jsonText ?? ""
            let more = try await placement.put("traits", of: host, #""traits": ["CUSTOM_FAST", \#(own)]"#)
            #expect(more.status == 200, "\(more)")
            _ = try await fixture.cloud.compute.register(HostRegistration(inventory: SimulatedHost.inventory(0)))
            let kept = try await placement.ask(.get, "\(host)/traits")
            #expect(kept.at("traits.0") == "CUSTOM_FAST", "\(kept)")
            #expect(try await placement.ask(.get, "\(host)/inventories/VCPU").at("reserved") == 1)
        }
    }

    @Test func onlyAdministratorsWrite() async throws {
        try await run { placement in
            for (method, path) in [
                (.post, "resource_providers"), (.post, "resource_classes"), (.put, "traits/CUSTOM_X"),
                (.get, "allocation_candidates?resources=VCPU:1"), (.get, "resource_classes"),
            ] as [(HTTPRequest.Method, String)] {
                let answer = try await placement.ask(method, path, "{}", as: .member)
                #expect(answer.status == 403, "\(path): \(answer)")
            }
        }
    }
}
