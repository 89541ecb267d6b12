import Model
import Store
import Testing
import TestSupport

@Suite struct RecordTests {
    /// Tables whose rows are read and written by queries of their own.
    private static let withoutRecord: Set = [
        "migrations", "change_feed", "group_members", "role_implications", "token_keys", "revoked_tokens",
        "address_allocations",
        "address_hints", "port_security_groups", "network_outbox", "network_generations", "flavor_access", "host_feeds",
        "resource_provider_traits", "resource_classes", "traits", "resource_provider_aggregates", "guest_passwords",
        "numbers", "quota_classes",
    ]

    @Test(arguments: [true, false], StoreKind.here)
    func everyRecordComesBackAsItWas(full: Bool, kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let samples = try Samples.all(full: full)
        try await store.transaction { db in
            for sample in samples { try db.insert(sample) }
        }
        for sample in samples { try await expectStored(sample, store) }
    }

    private func expectStored<Kept: Record & Equatable>(_ sample: Kept, _ database: ScratchStore) async throws {
        let found = try await database.read { db in try db.fetch(Kept.self) }
        #expect(found.contains(sample), "\(Kept.table)")
        #expect(sample.values.count == Kept.columns.count, "\(Kept.table)")
    }

    @Test(arguments: StoreKind.here) func everyTableHasASample(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let tables = try await store.tables()
        let sampled = Set(try Samples.all(full: true).map { type(of: $0).table })
        #expect(tables.subtracting(sampled) == Self.withoutRecord)
    }

    @Test(arguments: StoreKind.here) func everyColumnOfARecordsTableIsRead(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        for sample in try Samples.all(full: true) {
            let (table, columns) = (type(of: sample).table, type(of: sample).columns)
            let inTable = try await store.columns(of: table)
            #expect(Set(inTable) == Set(columns) && inTable.first == columns.first, "\(table)")
        }
    }

    @Test(arguments: StoreKind.here) func updatesAndDeletesByKey(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let domain = Domain(id: DomainID("d1"), name: "first")
        try await store.transaction { db in
            try db.insert(domain)
            try db.insert(Domain(id: DomainID("d2"), name: "other"))
            var changed = domain
            changed.name = "second"
            #expect(try db.update(changed))
            #expect(try db.find(Domain.self, key: .text("d1")) == changed)
            #expect(try db.find(Domain.self, key: .text("d2"))?.name == "other")
            #expect(try db.insertIfAbsent(changed) == false)
            #expect(try db.delete(Domain.self, key: .text("d1")))
            #expect(try db.delete(Domain.self, key: .text("d1")) == false)
            #expect(try db.update(domain) == false)
            #expect(try db.insertIfAbsent(domain))
        }
    }

    @Test(arguments: StoreKind.here) func aWordOutsideItsSetIsACorruptRow(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { db in
            for sample in try Samples.all(full: false) { try db.insert(sample) }
            try db.execute("UPDATE servers SET operation = 'dance', workflow_id = 'w1'", [])
            let error = #expect(throws: StoreError.self) { try db.fetch(Server.self) }
            #expect(error?.kind == .corrupt)
        }
    }
}
