import Model
import Store
import Testing
import TestSupport

@Suite struct PagingTests {
    /// Servers of which several are made at the same moment, as by one request for many.
    private func store(on kind: StoreKind, servers count: Int) async throws -> ScratchStore {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { db in
            for number in 0..<count {
                var server = try Samples.server(false)
                server.id = ServerID("sv\(number * 7919 % 1000)")
                server.projectID = ProjectID(number.isMultiple(of: 2) ? "even" : "odd")
                server.name = "server-\(number)"
                server.createdAt = Samples.at(Int64(number / 4))
                if number % 5 == 0 {
                    server.settled = .deleted
                    server.deletedAt = Samples.at(99)
                }
                try db.insert(server)
            }
        }
        return store
    }

    private func pages(
        _ store: ScratchStore, _ filter: ServerFilter, limit: Int
    ) async throws -> [[Server]] {
        var found: [[Server]] = []
        while true {
            let marker = found.last?.last?.id
            let page = try await store.read { try ServerQueries.list(filter, after: marker, limit: limit, $0) }
            if page.isEmpty { return found }
            found.append(page)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 7, 39, 40, 41, 100], StoreKind.here)
    func coversEveryLiveServerOnceNewestFirst(limit: Int, kind: StoreKind) async throws {
        let store = try await store(on: kind, servers: 50)
        let pages = try await pages(store, ServerFilter(), limit: limit)
        let all = pages.flatMap { $0 }
        #expect(all.count == 40 && Set(all.map(\.id)).count == 40)
        #expect(all.allSatisfy { $0.deletedAt == nil })
        let keys = all.map { ($0.createdAt.microseconds, $0.id.text) }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 > $1 })
        #expect(pages.dropLast().allSatisfy { $0.count == limit })
    }

    @Test(arguments: StoreKind.here) func fillsPagesThoughManyRowsAreDropped(kind: StoreKind) async throws {
        let store = try await store(on: kind, servers: 50)
        var filter = ServerFilter()
        filter.keep = { $0.name.hasSuffix("1") || $0.name.hasSuffix("7") }
        let pages = try await pages(store, filter, limit: 3)
        #expect(pages.map(\.count) == [3, 3, 3, 1])
        #expect(Set(pages.joined().map(\.name)).count == 10)
    }

    @Test(arguments: StoreKind.here) func filtersWhatIsAskedFor(kind: StoreKind) async throws {
        let store = try await store(on: kind, servers: 50)
        var filter = ServerFilter()
        filter.project = ProjectID("odd")
        #expect(try await pages(store, filter, limit: 6).joined().count == 20)
        filter.deleted = .only
        #expect(try await pages(store, filter, limit: 6).joined().count == 5)
        filter.deleted = .with
        filter.equal = [(.user, "u1")]
        #expect(try await pages(store, filter, limit: 6).joined().count == 25)
        filter.equal.append((.host, "h1"))
        #expect(try await pages(store, filter, limit: 6).isEmpty)
    }

    /// Every order, in both directions and mixed, lists each server once however long the pages are.
    @Test(arguments: ServerFilter.SortKey.allCases, StoreKind.here)
    func sortsByEveryKey(key: ServerFilter.SortKey, kind: StoreKind) async throws {
        let store = try await store(on: kind, servers: 50)
        for order in [[(key, true)], [(key, false)], [(key, true), (.name, false)], [(.project, false), (key, true)]] {
            var filter = ServerFilter()
            filter.order = order
            let whole = try await pages(store, filter, limit: 100).joined().map(\.id)
            #expect(Set(whole).count == 40)
            #expect(try await pages(store, filter, limit: 7).joined().map(\.id) == whole)
        }
    }

    @Test(arguments: StoreKind.here) func sortsAsAsked(kind: StoreKind) async throws {
        let store = try await store(on: kind, servers: 50)
        var filter = ServerFilter()
        filter.order = [(.project, false), (.name, true)]
        let found = try await pages(store, filter, limit: 6).joined().map { ($0.projectID.text, $0.name) }
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.0 > $1.0 || ($0.0 == $1.0 && $0.1 < $1.1) })
        #expect(found.first?.0 == "odd" && found.last?.0 == "even")
    }
}
