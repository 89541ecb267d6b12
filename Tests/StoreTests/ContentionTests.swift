import Model
import Store
import Testing
import TestSupport

/// Many at once want what is not enough for all.
@Suite(.timeLimit(.minutes(3))) struct ContentionTests {
    private let project = ProjectID("p1")
    private let provider = ResourceProviderID("rp1")

    /// How many of `count` concurrent transactions say yes.
    private func yeses(
        _ count: Int, in database: ScratchStore, _ body: @escaping @Sendable (Int, any Connection) throws -> Bool
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<count {
                group.addTask { try await database.transaction { try body(number, $0) } }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    @Test(arguments: StoreKind.here) func quotaIsNeverExceeded(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let project = project
        let taken = try await yeses(200, in: store) { _, db in
            try QuotaQueries.take(1, of: "instances", for: project, defaultLimit: 50, db) == nil
        }
        #expect(taken == 50)
        let quota = try await store.read { try QuotaQueries.find("instances", of: project, $0) }
        #expect(quota == Quota(projectID: project, resource: "instances", limit: 50, used: 50))
    }

    @Test(arguments: StoreKind.here) func aRefusalTellsLimitAndUse(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let project = project
        try await store.transaction { db in
            #expect(try QuotaQueries.take(3, of: "cores", for: project, defaultLimit: 5, db) == nil)
            let refusal = try QuotaQueries.take(3, of: "cores", for: project, defaultLimit: 99, db)
            #expect(refusal == Quota(projectID: project, resource: "cores", limit: 5, used: 3))
            try QuotaQueries.setLimit(Quota.unlimited, of: "cores", for: project, db)
            #expect(try QuotaQueries.take(1000, of: "cores", for: project, defaultLimit: 5, db) == nil)
            try QuotaQueries.giveBack(1003, of: "cores", for: project, db)
            #expect(try QuotaQueries.find("cores", of: project, db)?.used == 0)
        }
        let error = await #expect(throws: StoreError.self) {
            try await store.transaction { try QuotaQueries.giveBack(1, of: "cores", for: project, $0) }
        }
        #expect(error?.kind == .checkViolation)
    }

    private func fillProvider(_ store: ScratchStore) async throws {
        let provider = provider
        try await store.transaction { db in
            try db.insert(ResourceProvider(id: provider, name: "host"))
            try db.insert(
                Inventory(providerID: provider, resourceClass: "VCPU", total: 20, maxUnit: 20, allocationRatio: 4000))
            try db.insert(
                Inventory(
                    providerID: provider, resourceClass: "MEMORY_MB", total: 1088, reserved: 64, maxUnit: 512,
                    stepSize: 2))
        }
    }

    private func used(_ store: ScratchStore) async throws -> [String: Int] {
        let provider = provider
        return try await store.read { db in
            let rows = try PlacementQueries.inventories(of: provider, db)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.resourceClass, $0.used) })
        }
    }

    @Test(arguments: StoreKind.here) func aProviderIsNeverOverfilled(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        try await fillProvider(store)
        let (provider, project) = (provider, project)
        // 80 virtual processors for 40 claims, 1024 MiB for 32 of them.
        let claimed = try await yeses(200, in: store) { number, db in
            try PlacementQueries.claim(
                [("VCPU", 2), ("MEMORY_MB", 32), ("DISK_GB", 0)], on: provider, for: "c\(number)", project: project,
                user: UserID("u1"), db)
        }
        #expect(claimed == 32)
        #expect(try await used(store) == ["VCPU": 64, "MEMORY_MB": 1024])
        let (allocations, generation) = try await store.read { db in
            (try db.fetch(Allocation.self), try db.find(ResourceProvider.self, key: .id(provider))?.generation)
        }
        #expect(allocations.count == 64 && allocations.reduce(0) { $0 + $1.used } == 32 * 34)
        #expect(generation == 32)
        let released = try await yeses(200, in: store) { number, db in
            try !PlacementQueries.release("c\(number)", on: provider, db).isEmpty
        }
        #expect(released == 32)
        #expect(try await used(store) == ["VCPU": 0, "MEMORY_MB": 0])
    }

    @Test(
        arguments: [
            [("VCPU", 21)], [("MEMORY_MB", 514)], [("MEMORY_MB", 31)], [("VCPU", 1), ("MEMORY_MB", 2000)], [("GPU", 1)],
            [("VCPU", 1), ("GPU", 1)],
        ], StoreKind.here)
    func takesAllOrNothing(wanted: [(String, Int)], kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        try await fillProvider(store)
        let (provider, project) = (provider, project)
        let claimed = try await store.transaction { db in
            try PlacementQueries.claim(
                wanted.map { (resourceClass: $0.0, amount: $0.1) }, on: provider, for: "c", project: project,
                user: UserID("u1"), db)
        }
        #expect(!claimed)
        #expect(try await used(store) == ["VCPU": 0, "MEMORY_MB": 0])
        #expect(try await store.read { try $0.fetch(Allocation.self) }.isEmpty)
    }
}
