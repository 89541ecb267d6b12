import Model
import Store
import TestSupport
import Testing

/// What clients and hosts write of one provider, side by side.
@Suite struct PlacementNameTests {
    private let provider = ResourceProviderID("rp1")

    private func store(_ kind: StoreKind) async throws -> ScratchStore {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { db in
            for sample in try Samples.all(full: true) { try db.insert(sample) }
        }
        return store
    }

    @Test(arguments: StoreKind.here) func aClassHasOneNameEverywhere(kind: StoreKind) async throws {
        let store = try await store(kind)
        try await store.transaction { [provider] db in
            #expect(try PlacementQueries.add("CUSTOM_A", to: .resourceClasses, db))
            #expect(try !PlacementQueries.add("CUSTOM_A", to: .resourceClasses, db))
            try db.insert(Inventory(providerID: provider, resourceClass: "CUSTOM_A", total: 4, maxUnit: 4))
            #expect(
                try PlacementQueries.claim(
                    [("CUSTOM_A", 3)], on: provider, for: "c1", project: ProjectID("p1"), user: UserID("u1"), db))
            try PlacementQueries.renameClass("CUSTOM_A", to: "CUSTOM_B", db)
            #expect(try PlacementQueries.names(in: .resourceClasses, db) == ["CUSTOM_B"])
            #expect(try PlacementQueries.isClassInUse("CUSTOM_B", db))
            #expect(try !PlacementQueries.isClassInUse("CUSTOM_A", db))
            #expect(try PlacementQueries.classesInUse(of: provider, db).contains("CUSTOM_B"))
            #expect(try PlacementQueries.release("c1", on: provider, db).map(\.resourceClass) == ["CUSTOM_B"])
            #expect(
                try PlacementQueries.inventories(of: provider, db).first { $0.resourceClass == "CUSTOM_B" }?.used == 0)
            #expect(try PlacementQueries.remove("CUSTOM_B", from: .resourceClasses, db))
        }
    }

    /// What is said of an inventory does not touch what is used of it.
    @Test(arguments: StoreKind.here) func anInventoryKeepsWhatIsUsed(kind: StoreKind) async throws {
        let store = try await store(kind)
        try await store.transaction { [provider] db in
            var wanted = Inventory(providerID: provider, resourceClass: "VCPU", total: 20, maxUnit: 20)
            wanted.reserved = 2
            try PlacementQueries.setInventory(wanted, db)
            wanted.used = 3
            #expect(try PlacementQueries.inventories(of: provider, db) == [wanted])
        }
    }

    @Test(arguments: StoreKind.here) func aTraitIsSomebodysWord(kind: StoreKind) async throws {
        let store = try await store(kind)
        try await store.transaction { [provider] db in
            try PlacementQueries.setTraits(["HW_A", "CUSTOM_B"], of: provider, db)
            try PlacementQueries.setTraits(["CUSTOM_B", "CUSTOM_C"], of: provider, reported: false, db)
            #expect(try PlacementQueries.traits(of: provider, reported: true, db) == ["CUSTOM_B", "HW_A"])
            #expect(try PlacementQueries.traits(of: provider, reported: false, db) == ["CUSTOM_C"])
            try PlacementQueries.setTraits(["CUSTOM_C"], of: provider, db)
            #expect(try PlacementQueries.traits(of: provider, db) == ["CUSTOM_C"])
            #expect(try PlacementQueries.traits(of: provider, reported: true, db) == ["CUSTOM_C"])
            #expect(try db.find(ResourceProvider.self, key: .id(provider))?.generation == 8)
        }
    }

    @Test(arguments: StoreKind.here) func aggregatesAreReplaced(kind: StoreKind) async throws {
        let store = try await store(kind)
        try await store.transaction { [provider] db in
            try PlacementQueries.setAggregates(["a", "b"], of: provider, db)
            try PlacementQueries.setAggregates(["c", "b"], of: provider, db)
            #expect(try PlacementQueries.aggregates(of: provider, db) == ["b", "c"])
            #expect(try PlacementQueries.aggregates(db) == [provider: ["b", "c"]])
        }
    }
}
