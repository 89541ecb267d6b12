import Attributes
import Foundation
import HTTPTypes
import Identity
import Image
import Model
import Networking
import TestSupport
import Testing
import Wire

/// Bodies and queries made of the tables of attributes, each attribute wrong in type, length or form, null, or of
/// somebody else: nothing breaks, what is taken is shown, and what is not is refused with a reason.
/// `NOVELLA_FUZZ_SEEDS` says how many seeds there are; each is some hundreds of trials of each service.
@Suite(.timeLimit(.minutes(60)))
struct AttributeFuzzTests {
    private static let seeds = ProcessInfo.processInfo.environment["NOVELLA_FUZZ_SEEDS"].flatMap { UInt64($0) } ?? 5

    private func run(
        _ seed: UInt64, least: Int,
        _ targets: @escaping @Sendable (CloudFixture) async throws -> [any FuzzTarget]
    ) async throws {
        try await CloudFixture.run { fixture async throws in
            let targets = try await targets(fixture)
            var generator = SeededGenerator(seed: seed)
            var taken = 0
            for _ in 0..<1000 {
                guard let target = targets.randomElement(using: &generator) else { return }
                taken += try await target.trial(fixture, &generator) ? 1 : 0
            }
            #expect(taken > least, "\(taken) of 1000 were taken")
            #expect(try await fixture.request(.get, "/healthz", as: nil).status == 200)
        }
    }

    @Test(arguments: 1...seeds) func networkDropsNothing(seed: UInt64) async throws {
        try await run(seed, least: 50) { fixture in
            let lab = try await NetworkLab(fixture)
            let base = "/network/v2.0"
            let ports = AttributeFuzz(PortAttributes.table, base, ["network_id": .string(lab.network)])
            return [
                AttributeFuzz(NetworkAttributes.table, base),
                AttributeFuzz(
                    SubnetAttributes.table, base,
                    ["network_id": .string(lab.network), "ip_version": 6, "cidr": "2001:db8:7::/64"]),
                ports, ports, AttributeFuzz(RouterAttributes.table, base),
                AttributeFuzz(FloatingIPAttributes.table, base, ["floating_network_id": .string(lab.external)]),
                AttributeFuzz(SecurityGroupAttributes.table, base),
                AttributeFuzz(
                    SecurityGroupRuleAttributes.table, base,
                    ["security_group_id": .string(lab.group), "direction": "ingress"]),
            ]
        }
    }

    @Test(arguments: 1...seeds) func identityDropsNothing(seed: UInt64) async throws {
        try await run(seed, least: 100) { fixture in
            let base = "/identity/v3"
            let service = try await fixture.request(.get, "\(base)/services", as: .admin).text("services.0.id")
            let off: [String: JSONValue] = ["enabled": false]
            return [
                AttributeFuzz(DomainAttributes.table, base, ["name": "probe"], farewell: off),
                AttributeFuzz(ProjectAttributes.table, base, ["name": "probe"], farewell: off),
                AttributeFuzz(UserAttributes.table, base, ["name": "probe"]),
                AttributeFuzz(GroupAttributes.table, base, ["name": "probe"]),
                AttributeFuzz(RoleAttributes.table, base, ["name": "probe"]),
                AttributeFuzz(ServiceAttributes.table, base, ["type": "probe"]),
                AttributeFuzz(
                    EndpointAttributes.table, base,
                    ["service_id": .string(service), "interface": "public", "url": "http://probe"]),
                AttributeFuzz(RegionAttributes.table, base),
                AttributeFuzz(
                    CredentialAttributes.table, base,
                    ["user_id": .string(fixture.people.admin.userID.text), "type": "cert", "blob": "{}"]),
            ]
        }
    }

    @Test(arguments: 1...seeds) func imageDropsNothing(seed: UInt64) async throws {
        try await run(seed, least: 40) { _ in
            [AttributeFuzz(ImageAttributes.table, "/image/v2", farewell: ["protected": false])]
        }
    }
}

/// A kind of resource whose attributes are tried.
protocol FuzzTarget: Sendable {
    /// Gives one attribute at creation, at a change and to the list, and looks at what became of it; `true` where the
    /// creation was taken.
    func trial(_ fixture: CloudFixture, _ generator: inout SeededGenerator) async throws -> Bool
}

struct AttributeFuzz<Draft: Sendable>: FuzzTarget {
    let table: AttributeTable<Draft>
    let path: String
    /// The least that a creation needs.
    let least: [String: JSONValue]
    /// What must be said of a row before it can be deleted.
    let farewell: [String: JSONValue]

    init(
        _ table: AttributeTable<Draft>, _ base: String, _ least: [String: JSONValue] = [:],
        farewell: [String: JSONValue] = [:]
    ) {
        self.table = table
        path = base + "/" + (table.wording == .network ? table.plural.replacing("_", with: "-") : table.plural)
        self.least = least
        self.farewell = farewell
    }

    func trial(_ fixture: CloudFixture, _ generator: inout SeededGenerator) async throws -> Bool {
        if table.extras != nil, Int.random(in: 0..<8, using: &generator) == 0 {
            return try await extraTrial(fixture, &generator)
        }
        guard let attribute = table.attributes.randomElement(using: &generator),
            let value = FuzzValues.all.randomElement(using: &generator),
            let wanted = FuzzValues.all.randomElement(using: &generator)
        else { return false }
        let made = try await create(fixture, least.merging([attribute.name: value]) { $1 })
        check(made, attribute, value, attribute.creation, good: 201)
        try await ask(fixture, attribute, value)
        let isTaken = made.status == 201
        let row = isTaken ? made : try await create(fixture, least)
        #expect(row.status == 201, "\(path): \(row)")
        guard let address = address(row) else { return isTaken }
        let changed = try await change(fixture, address, [attribute.name: wanted])
        check(changed, attribute, wanted, attribute.change, good: 200)
        try await delete(fixture, address, "\(attribute.name) \(value.brief) \(wanted.brief)")
        return isTaken
    }

    /// The same for names that are only the client's.
    private func extraTrial(_ fixture: CloudFixture, _ generator: inout SeededGenerator) async throws -> Bool {
        guard let name = FuzzValues.names.randomElement(using: &generator),
            let value = FuzzValues.all.randomElement(using: &generator)
        else { return false }
        let made = try await create(fixture, least.merging([name: value]) { $1 })
        let what = "\(path) '\(name.prefix(20))' = \(value.brief)"
        #expect((200..<500).contains(made.status), "\(what): \(made)")
        guard made.status == 201, let address = address(made) else { return false }
        #expect(shown(made, name)?.sorted == value.sorted, "\(what) is dropped: \(made)")
        let read = try await fixture.request(.get, address, as: .admin)
        #expect(shown(read, name)?.sorted == value.sorted, "\(what) is not kept: \(read)")
        let changed = try await change(fixture, address, [name: value])
        #expect((200..<500).contains(changed.status), "\(what): \(changed)")
        try await delete(fixture, address, what)
        return true
    }

    private func address(_ row: Answer) -> String? {
        guard let id = shown(row, "id")?.optionalText else { return nil }
        return "\(path)/\(id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? id)"
    }

    private func delete(_ fixture: CloudFixture, _ address: String, _ what: String) async throws {
        if !farewell.isEmpty { _ = try await change(fixture, address, farewell) }
        let gone = try await fixture.request(.delete, address, as: .admin)
        #expect(gone.status == 204, "\(what), \(address): \(gone)")
    }

    private func create(_ fixture: CloudFixture, _ members: [String: JSONValue]) async throws -> Answer {
        try await fixture.request(.post, path, as: .admin, json: body(members).jsonText)
    }

    private func change(
        _ fixture: CloudFixture, _ address: String, _ members: [String: JSONValue]
    ) async throws -> Answer {
        guard table.wording == .image else {
            let method = table.wording == .network ? HTTPRequest.Method.put : .patch
            return try await fixture.request(method, address, as: .admin, json: body(members).jsonText)
        }
        let steps = members.map { name, value in
            JSONValue.object([
                .init(key: "op", value: "add"), .init(key: "path", value: .string("/" + name)),
                .init(key: "value", value: value),
            ])
        }
        return try await fixture.request(
            .patch, address, as: .admin, json: JSONValue.array(steps).jsonText,
            headers: ["Content-Type": "application/openstack-images-v2.1-json-patch"])
    }

    private func body(_ members: [String: JSONValue]) -> JSONValue {
        let inner = JSONValue.object(members.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) })
        return table.wording == .image ? inner : .object([.init(key: table.singular, value: inner)])
    }

    private func shown(_ answer: Answer, _ name: String) -> JSONValue? {
        table.wording == .image ? answer.json[name] : answer.json[table.singular]?[name]
    }

    private func ask(_ fixture: CloudFixture, _ attribute: Attribute<Draft>, _ value: JSONValue) async throws {
        let query = value.optionalText?.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "x"
        for query in ["\(attribute.name)=\(query)", "\(attribute.name)__icontains=\(query)"] {
            let listed = try await fixture.request(.get, "\(path)?\(query)", as: .admin)
            #expect((200..<500).contains(listed.status), "\(path)?\(query): \(listed)")
        }
    }

    /// What was taken may be given, is of the attribute's type, and is shown as the type keeps it. What is empty may
    /// ask for the usual value.
    private func check(
        _ answer: Answer, _ attribute: Attribute<Draft>, _ value: JSONValue, _ giving: Giving, good: Int
    ) {
        let what = "\(path) \(attribute.name) = \(value.brief)"
        #expect((200..<500).contains(answer.status), "\(what): \(answer)")
        guard answer.status == good else { return }
        #expect(giving != .never, "\(what) is taken: \(answer)")
        var kept: JSONValue
        do {
            kept = try attribute.type.converted(value, lenient: table.wording == .network)
        } catch {
            #expect(value.isNull, "\(what) is taken, and \(error.reason): \(answer)")
            switch attribute.null {
            case .none: kept = .null
            case .same(let other): kept = other
            case .absent: return
            case .refused:
                Issue.record("\(what) is taken: \(answer)")
                return
            }
        }
        guard attribute.isShownAsKept, !["", .array([.object([])])].contains(kept) else { return }
        let found = shown(answer, attribute.name)
        if case .object(let members) = kept { kept = .object(members.filter { !$0.value.isNull }) }
        #expect(found?.sorted == kept.sorted || found == nil && kept.isNull, "\(what) is dropped: \(answer)")
    }
}

extension Attribute {
    /// Whether a value is read where it was written, and nothing is made of it besides.
    fileprivate var isShownAsKept: Bool {
        guard case .column = source, case .toAll = shown else { return false }
        if case .checked = type { return type.kind == .text || type.kind == .json }
        return true
    }
}

private enum FuzzValues {
    static let names = [
        "x", "a.b", "", " ", "é", "💥", "a/b", "a~b", "__proto__", "hw_disk_bus", "os_glance_x", "password_hash",
        "extra",
        "roles", "self", "\"", "a\nb", String(repeating: "n", count: 255), String(repeating: "n", count: 256),
    ]

    static let all =
        usual + [
            "default", "ingress", "IPv6", "tcp", "public", "community", "private", "raw", "qcow2", "bare", "http://x",
            "http://x/$(tenant_id)s", "RegionOne", "admin", "Default", .string(String(repeating: "0a", count: 16)),
            "fa:16:3e:01:02:03", "10.77.0.9", "10.77.0.0/24", "::/0", "00000000-0000-4000-8000-000000000000",
            .object([.init(key: "network_id", value: "x")]), .object([.init(key: "immutable", value: false)]),
            .object([.init(key: "immutable", value: .null)]), .object([.init(key: "lock_password", value: true)]),
            .object([.init(key: "multi_factor_auth_rules", value: .array([.array(["password"])]))]),
        ]

    private static let usual: [JSONValue] = [
        .null, true, false, 0, -1, 1, 4, 64, 1500, 70_000, .integer(Int.max), .real(1.5), "", " ", " x ", "x", "true",
        "22", .string(String(repeating: "x", count: 64)), .string(String(repeating: "x", count: 65)),
        .string(String(repeating: "x", count: 255)), .string(String(repeating: "x", count: 256)), "\u{0}", "a\nb", "💥",
        "'; DROP TABLE ports; --", "%", "_", "\\", "a/b", "a,b", "é", "e\u{301}", .array([]), .array([.null]),
        .array(["x"]), .array(["x", "x"]), .array([.object([])]), .object([]), .array(["y", "x"]),
        .object([.init(key: "a", value: .array([.null]))]),
    ]
}
