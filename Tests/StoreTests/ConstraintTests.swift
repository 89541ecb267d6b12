import Model
import Store
import Testing
import TestSupport

/// A change to a sample row that makes it impossible.
struct Impossible: Sendable, CustomTestStringConvertible {
    var table: String
    var changes: [String: SQLValue]
    var kind: StoreError.Kind

    init(_ table: String, _ changes: [String: SQLValue], _ kind: StoreError.Kind = .checkViolation) {
        self.table = table
        self.changes = changes
        self.kind = kind
    }

    var testDescription: String { "\(table) \(changes.keys.sorted().joined(separator: ","))" }
}

private let impossible: [Impossible] = [
    .init("domains", ["name": .text("")]),
    .init("domains", ["enabled": .integer(2)]),
    .init("projects", ["domain_id": .text("none")], .foreignKeyViolation),
    .init("projects", ["name": .null]),
    .init("users", ["epoch": .integer(-1)]),
    .init("users", ["domain_id": .text("none")], .foreignKeyViolation),
    .init("roles", ["name": .text("")]),
    .init("role_assignments", ["target": .text("galaxy")]),
    .init("role_assignments", ["role_id": .text("none")], .foreignKeyViolation),
    .init("endpoints", ["interface": .text("secret")]),
    .init("trusts", ["remaining_uses": .integer(-1)]),
    .init("trusts", ["redelegation_count": .integer(2)]),
    .init("trusts", ["trustee_user_id": .text("none")], .foreignKeyViolation),
    .init("trusts", ["redelegated_trust_id": .text("none")], .foreignKeyViolation),
    .init("endpoints", ["region_id": .text("none")], .foreignKeyViolation),
    .init("images", ["status": .text("lost")]),
    .init("images", ["visibility": .text("hidden")]),
    .init("images", ["size": .null]),
    .init("images", ["min_ram": .integer(-1)]),
    .init("networks", ["mtu": .integer(67)]),
    .init("networks", ["mtu": .integer(65_536)]),
    .init("subnets", ["ip_version": .integer(5)]),
    .init("subnets", ["network_id": .text("none")], .foreignKeyViolation),
    .init("subnets", ["subnetpool_id": .text("none")], .foreignKeyViolation),
    .init("address_scopes", ["ip_version": .integer(5)]),
    .init("subnetpools", ["default_prefixlen": .integer(47)]),
    .init("subnetpools", ["max_prefixlen": .integer(129)]),
    .init("subnetpools", ["default_quota": .integer(-1)]),
    .init("subnetpools", ["address_scope_id": .text("none")], .foreignKeyViolation),
    .init("console_tokens", ["kind": .text("rdp-html5")]),
    .init("console_tokens", ["server_id": .text("none")], .foreignKeyViolation),
    .init("ports", ["status": .text("UP")]),
    .init("ports", ["network_id": .text("none")], .foreignKeyViolation),
    .init("routers", ["gateway_port_id": .null]),
    .init("routers", ["gateway_network_id": .null]),
    .init("floating_ips", ["fixed_address": .null]),
    .init("floating_ips", ["port_id": .null]),
    .init("floating_ips", ["holder_port_id": .text("none")], .foreignKeyViolation),
    .init("security_group_rules", ["direction": .text("sideways")]),
    .init("security_group_rules", ["ether_type": .text("IPX")]),
    .init("security_group_rules", ["remote_prefix": .text("::/0"), "remote_group_id": .text("g1")]),
    .init("quotas", ["used": .integer(-1)]),
    .init("quotas", ["is_own": .integer(2)]),
    .init("quotas", ["limit_value": .integer(-2)]),
    .init("flavors", ["vcpus": .integer(0)]),
    .init("flavors", ["disk": .integer(-1)]),
    .init("keypairs", ["type": .text("gpg")]),
    .init("keypairs", ["number": .null]),
    .init("hosts", ["is_disabled": .integer(7)]),
    .init("hosts", ["number": .null]),
    .init("aggregates", ["name": .text("")]),
    .init("aggregate_hosts", ["host_id": .text("none")], .foreignKeyViolation),
    .init("aggregate_hosts", ["aggregate_id": .integer(7)], .foreignKeyViolation),
    .init("resource_providers", ["generation": .integer(-1)]),
    .init("inventories", ["used": .integer(-1)]),
    .init("inventories", ["allocation_ratio": .integer(0)]),
    .init("allocations", ["used": .integer(0)]),
    .init("allocations", ["provider_id": .text("none")], .foreignKeyViolation),
    .init("servers", ["settled": .text("confused")]),
    .init("servers", ["settled": .text("active")]),
    .init("servers", ["deleted_at": .null]),
    .init("servers", ["workflow_id": .null]),
    .init("servers", ["operation": .null]),
    .init("servers", ["settled": .text("active"), "deleted_at": .null, "host_id": .null]),
    .init("servers", ["host_id": .text("none")], .foreignKeyViolation),
    .init("server_requests", ["server_id": .text("none")], .foreignKeyViolation),
    .init("server_groups", ["policy": .text("friendship")]),
    .init("server_groups", ["max_server_per_host": .integer(0)]),
    .init("server_groups", ["policy": .text("affinity")]),
    .init("server_group_members", ["server_id": .text("none")], .foreignKeyViolation),
    .init("server_group_members", ["group_id": .text("none")], .foreignKeyViolation),
    .init("workflows", ["direction": .text("sideways")]),
    .init("workflows", ["outcome": .null]),
    .init("workflows", ["finished_at": .null]),
    .init("workflows", ["outcome": .text("Perhaps")]),
]

@Suite struct ConstraintTests {
    private func filledStore(_ kind: StoreKind) async throws -> ScratchStore {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { db in
            for sample in try Samples.all(full: true) { try db.insert(sample) }
        }
        return store
    }

    @Test(arguments: impossible, StoreKind.here)
    func refusesImpossibleRows(row: Impossible, kind: StoreKind) async throws {
        let store = try await filledStore(kind)
        let names = row.changes.keys.sorted()
        let pairs = names.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: ", ")
        let error = await #expect(throws: StoreError.self) {
            try await store.transaction { db in
                try db.execute("UPDATE \(row.table) SET \(pairs)", names.compactMap { row.changes[$0] })
            }
        }
        #expect(error?.kind == row.kind, "\(String(describing: error))")
    }

    @Test(arguments: StoreKind.here) func refusesEveryRowASecondTime(kind: StoreKind) async throws {
        let store = try await filledStore(kind)
        for sample in try Samples.all(full: true) {
            let error = await #expect(throws: StoreError.self) {
                try await store.transaction { try $0.insert(sample) }
            }
            #expect(error?.kind == .uniqueViolation, "\(type(of: sample).table)")
        }
    }

    /// The same row under another key collides on what else must be unique.
    @Test(
        arguments: [
            "domains", "projects", "users", "roles", "networks", "ports", "floating_ips", "security_groups", "flavors",
            "hosts", "resource_providers", "subnetpools",
        ], StoreKind.here)
    func refusesASecondRowOfTheSameName(table: String, kind: StoreKind) async throws {
        let store = try await filledStore(kind)
        let sample = try #require(try Samples.all(full: true).first { type(of: $0).table == table })
        let columns = type(of: sample).columns
        let others = columns.dropFirst().joined(separator: ", ")
        let statement = """
            INSERT INTO \(table) (\(columns.joined(separator: ", ")))
            SELECT 'another', \(others) FROM \(table) WHERE id = ?1
            """
        let key = try #require(sample.values.first)
        let error = await #expect(throws: StoreError.self) {
            try await store.transaction { try $0.execute(statement, [key]) }
        }
        #expect(error?.kind == .uniqueViolation, "\(String(describing: error))")
    }

    @Test(arguments: StoreKind.here) func keepsWhatOthersPointAt(kind: StoreKind) async throws {
        let store = try await filledStore(kind)
        for (table, key) in [
            ("domains", "d1"), ("networks", "n1"), ("hosts", "h1"), ("resource_providers", "rp1"), ("routers", "ro1"),
            ("regions", "here"), ("ports", "port2"), ("subnetpools", "sp1"), ("address_scopes", "as1"),
        ] {
            let error = await #expect(throws: StoreError.self) {
                try await store.transaction {
                    try $0.execute("DELETE FROM \(table) WHERE id = ?1", [.text(key)])
                }
            }
            #expect(error?.kind == .foreignKeyViolation, "\(table): \(String(describing: error))")
        }
    }

    @Test(arguments: StoreKind.here) func aUsersGrantsGoWithTheUser(kind: StoreKind) async throws {
        let store = try await filledStore(kind)
        try await store.transaction { db in
            try db.delete(User.self, key: .text("u1"))
            #expect(try db.fetch(RoleAssignment.self).isEmpty)
        }
    }

    /// SQLite would make 0 of it, and PostgreSQL's answers are texts.
    @Test(arguments: StoreKind.here) func aColumnReadAsWhatItIsNotFails(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        for (sql, isText) in [("SELECT NULL", true), ("SELECT NULL", false), ("SELECT 'seven'", false)] {
            let error = await #expect(throws: StoreError.self) {
                try await store.read { db in
                    try db.forEach(sql, []) { row in _ = isText ? row.text(0) : "\(row.integer(0))" }
                }
            }
            #expect(error?.kind == .corrupt)
        }
    }
}
