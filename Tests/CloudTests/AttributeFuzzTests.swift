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
/// `NOVELLA_FUZZ_SEEDS` says how many seeds there are; each is a thousand requests.
@Suite(.timeLimit(.minutes(60)))
struct AttributeFuzzTests {
    private static let seeds = ProcessInfo.processInfo.environment["NOVELLA_FUZZ_SEEDS"].flatMap { UInt64($0) } ?? 5

    @Test(arguments: 1...seeds) func nothingIsDropped(seed: UInt64) async throws {
        try await CloudFixture.run { fixture async throws in
            let lab = try await NetworkLab(fixture)
            var generator = SeededGenerator(seed: seed)
            var taken = 0
            for _ in 0..<1000 {
                taken += try await one(fixture, lab, &generator) ? 1 : 0
            }
            #expect(taken > 50, "\(taken) of 1000 were taken")
            #expect(try await fixture.request(.get, "/healthz", as: nil).status == 200)
        }
    }

    private func one(
        _ fixture: CloudFixture, _ lab: NetworkLab, _ generator: inout SeededGenerator
    ) async throws -> Bool {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: try await trial(NetworkAttributes.table, "networks", [:], fixture, lab, &generator)
        case 1:
            try await trial(
                SubnetAttributes.table, "subnets",
                ["network_id": .string(lab.network), "ip_version": 6, "cidr": "2001:db8:7::/64"], fixture, lab,
                &generator)
        case 2, 3:
            try await trial(
                PortAttributes.table, "ports", ["network_id": .string(lab.network)], fixture, lab, &generator)
        case 4: try await trial(RouterAttributes.table, "routers", [:], fixture, lab, &generator)
        case 5:
            try await trial(
                FloatingIPAttributes.table, "floatingips", ["floating_network_id": .string(lab.external)], fixture, lab,
                &generator)
        case 6: try await trial(SecurityGroupAttributes.table, "security-groups", [:], fixture, lab, &generator)
        default:
            try await trial(
                SecurityGroupRuleAttributes.table, "security-group-rules",
                ["security_group_id": .string(lab.group), "direction": "ingress"], fixture, lab, &generator)
        }
    }

    /// Gives one attribute at creation, and looks at what became of it; asks the list by it as well.
    private func trial<Draft>(
        _ table: AttributeTable<Draft>, _ path: String, _ least: [String: JSONValue], _ fixture: CloudFixture,
        _ lab: NetworkLab, _ generator: inout SeededGenerator
    ) async throws -> Bool {
        guard let attribute = table.attributes.randomElement(using: &generator),
            let value = Self.values.randomElement(using: &generator)
        else { return false }
        let members = least.merging([attribute.name: value]) { $1 }
        let inner = JSONValue.object(members.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) })
        let body = JSONValue.object([.init(key: table.singular, value: inner)]).jsonText
        let base = "/network/v2.0/\(path)"
        let made = try await fixture.request(.post, base, as: .admin, json: body)
        #expect((200..<500).contains(made.status), "\(path) \(body): \(made)")
        let query = value.optionalText?.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "x"
        let listed = try await fixture.request(.get, "\(base)?\(attribute.name)=\(query)", as: .admin)
        #expect((200..<500).contains(listed.status), "\(path)?\(attribute.name)=\(query): \(listed)")
        guard made.status == 201 else { return false }
        #expect(attribute.creation != .never, "\(path) takes \(attribute.name) at creation: \(made)")
        if case .string(let text) = value, case .text = attribute.type, case .column = attribute.source {
            #expect(
                made.json[table.singular]?[attribute.name]?.text == text, "\(path) drops \(attribute.name): \(made)")
        }
        let id = made.text("\(table.singular).id")
        #expect(try await fixture.request(.delete, "\(base)/\(id)", as: .admin).status == 204)
        return true
    }

    private static let values: [JSONValue] = [
        .null, true, false, 0, -1, 1, 4, 64, 1500, 70_000, .integer(Int.max), .real(1.5), "", " ", "x", "true", "22",
        .string(String(repeating: "x", count: 255)), .string(String(repeating: "x", count: 256)), "\u{0}", "a\nb",
        "💥", "10.77.0.9", "10.77.0.0/24", "::/0", "fa:16:3e:01:02:03", "default", "ingress", "IPv6", "tcp",
        "00000000-0000-4000-8000-000000000000", "'; DROP TABLE ports; --", "%", "_", "\\", .array([]), .array([.null]),
        .array(["x"]), .array(["x", "x"]), .array([.object([])]), .object([]),
        .object([.init(key: "network_id", value: "x")]), .object([.init(key: "a", value: .array([.null]))]),
    ]
}
