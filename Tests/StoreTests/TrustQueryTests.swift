import Model
import Store
import TestSupport
import Testing

@Suite struct TrustQueryTests {
    private func people(_ kind: StoreKind) async throws -> ScratchStore {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { db in
            try db.insert(Domain(id: DomainID("d"), name: "d"))
            for name in ["a", "b", "c"] {
                try db.insert(User(id: UserID(name), name: name, domainID: DomainID("d")))
            }
        }
        return store
    }

    private func trust(_ id: String, _ from: String, _ to: String, under parent: String? = nil) -> Trust {
        Trust(
            id: TrustID(id), trustorID: UserID(from), trusteeID: UserID(to),
            redelegatedTrustID: parent.map { TrustID($0) })
    }

    /// Trusts follow one another, and go with their people and with the one before.
    @Test(arguments: StoreKind.here) func chainsGoTogether(kind: StoreKind) async throws {
        let store = try await people(kind)
        try await store.transaction { [self] db in
            try db.insert(trust("1", "a", "b"))
            try db.insert(trust("2", "b", "c", under: "1"))
            #expect(try TrustQueries.chain(TrustID("2"), db).map(\.id.text) == ["2", "1"])
            #expect(try TrustQueries.chain(TrustID("none"), db).isEmpty)
            try db.delete(User.self, key: .text("a"))
            #expect(try TrustQueries.chain(TrustID("2"), db).isEmpty)
        }
    }

    @Test(arguments: StoreKind.here) func usesRunOut(kind: StoreKind) async throws {
        let store = try await people(kind)
        try await store.transaction { [self] db in
            var counted = trust("1", "a", "b")
            counted.remainingUses = 2
            try db.insert(counted)
            try db.insert(trust("2", "a", "b"))
            #expect(try [1, 2, 3].map { _ in try TrustQueries.use(TrustID("1"), db) } == [true, true, false])
            #expect(try [1, 2, 3].map { _ in try TrustQueries.use(TrustID("2"), db) } == [true, true, true])
            #expect(try TrustQueries.use(TrustID("none"), db) == false)
        }
    }
}
