import Attributes
import Identity
import Image
import Model
import Networking
import Store
import TestSupport
import Testing
import Wire

/// Lists made of tables of attributes, on both stores.
@Suite(.timeLimit(.minutes(3)))
struct ListingTests {
    /// Images of which three are made at the same moment; names repeat, and some are missing.
    private func images(on kind: StoreKind) async throws -> ScratchStore {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { db in
            for number in 0..<9 {
                try db.insert(
                    Image(
                        id: ImageID("i\(number)"), projectID: ProjectID(number == 8 ? "p2" : "p1"),
                        name: number % 3 == 0 ? nil : "name-\(number % 2)", minDisk: number,
                        properties: try JSONText(["k": "v\(number % 2)"]), tags: try JSONText(["t\(number)"]),
                        createdAt: Timestamp(microseconds: Int64(number / 3)),
                        updatedAt: Timestamp(microseconds: Int64(10 - number))))
            }
        }
        return store
    }

    private let all = Viewer(project: nil, isAdmin: true)

    private func list<Draft>(
        _ table: AttributeTable<Draft>, _ query: ListQuery, _ store: ScratchStore, as viewer: Viewer? = nil
    ) async throws -> [String] {
        let viewer = viewer ?? all
        let bytes = try await store.read { db in
            var writer = JSONWriter()
            try writer.array { _ = try table.list(query, for: viewer, into: &$0, db) }
            return writer.bytes
        }
        return try JSONValue(parsing: bytes).items.map { $0["id"]?.text ?? "" }
    }

    /// Every order, in both directions, lists each row once however long the pages are, forwards and backwards.
    @Test(arguments: StoreKind.here) func pagesHoldEachRowOnce(kind: StoreKind) async throws {
        let store = try await images(on: kind)
        let table = ImageAttributes.table
        for attribute in table.attributes where attribute.isSortKey {
            for isDescending in [false, true] {
                var query = ListQuery()
                query.order = [attribute.sortKey(descending: isDescending)].compactMap(\.self)
                let whole = try await list(table, query, store)
                #expect(Set(whole).count == 9)
                for limit in [1, 2, 4, 9] {
                    query.limit = limit
                    #expect(try await pages(table, query, store) == whole, "\(attribute.name), \(limit)")
                    query.isReversed = true
                    #expect(try await pages(table, query, store) == whole, "\(attribute.name), \(limit), backwards")
                    query.isReversed = false
                }
            }
        }
    }

    private func pages<Draft>(
        _ table: AttributeTable<Draft>, _ query: ListQuery, _ store: ScratchStore
    ) async throws -> [String] {
        var (query, found): (ListQuery, [String]) = (query, [])
        while true {
            let page = try await list(table, query, store)
            guard let edge = query.isReversed ? page.first : page.last else { return found }
            query.marker = edge
            found = query.isReversed ? page + found : found + page
        }
    }

    @Test(arguments: StoreKind.here) func aStrangerSeesWhatItsTableShows(kind: StoreKind) async throws {
        let store = try await images(on: kind)
        let viewer = Viewer(project: ProjectID("p2"), isAdmin: false)
        #expect(try await list(ImageAttributes.table, ListQuery(), store, as: viewer) == ["i8"])
        var query = ListQuery()
        query.limit = 2
        query.marker = "i1"
        await #expect(throws: CloudError.self) { try await list(ImageAttributes.table, query, store, as: viewer) }
    }

    @Test(arguments: StoreKind.here) func showsTheAttributesAskedFor(kind: StoreKind) async throws {
        let store = try await images(on: kind)
        let row = try await store.read { try ImageAttributes.table.show("i1", ["id", "min_disk"], for: all, $0) }
        #expect(row.map { String(decoding: $0, as: UTF8.self) } == #"{"id":"i1","min_disk":1}"#)
        #expect(try await store.read { try ImageAttributes.table.show("none", for: all, $0) } == nil)
    }

    /// Every statement that a table can make is one that both stores take.
    @Test(arguments: StoreKind.here) func bothStoresTakeEveryTable(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        try await tryAll(ImageAttributes.table, store)
        try await tryAll(NetworkAttributes.table, store)
        try await tryAll(SubnetAttributes.table, store)
        try await tryAll(SubnetPoolAttributes.table, store)
        try await tryAll(AddressScopeAttributes.table, store)
        try await tryAll(AgentAttributes.table(at: Timestamp(microseconds: 0)), store)
        try await tryAll(PortAttributes.table, store)
        try await tryAll(RouterAttributes.table, store)
        try await tryAll(FloatingIPAttributes.table, store)
        try await tryAll(SecurityGroupAttributes.table, store)
        try await tryAll(SecurityGroupRuleAttributes.table, store)
    }

    /// The same, of tables that say nothing of projects.
    @Test(arguments: StoreKind.here) func bothStoresTakeIdentity(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        try await trySome(DomainAttributes.table, store)
        try await trySome(ProjectAttributes.table, store)
        try await trySome(UserAttributes.table, store)
        try await trySome(RoleAttributes.table, store)
        try await trySome(GroupAttributes.table, store)
        try await trySome(CredentialAttributes.table, store)
        try await trySome(TrustAttributes.table, store)
        try await trySome(ServiceAttributes.table, store)
        try await trySome(EndpointAttributes.table, store)
        try await trySome(RegionAttributes.table, store)
    }

    private func trySome<Draft>(_ table: AttributeTable<Draft>, _ store: ScratchStore) async throws {
        for attribute in table.attributes {
            let queries: [[String: [String]]] =
                if case .equal = attribute.filter, attribute.type.kind == .text {
                    ["", "__contains", "__icontains", "__startswith", "__istartswith", "__endswith", "__iendswith"].map
                    {
                        [attribute.name + $0: [attribute.name == "interface" ? "public" : "x"]]
                    }
                } else if case .equal = attribute.filter {
                    [[attribute.name: ["false"]]]
                } else {
                    [[:]]
                }
            for parameters in queries {
                let query = try IdentityListQuery.read(ListParameters(parameters), table)
                #expect(try await list(table, query, store) == [], "\(table.plural): \(parameters)")
            }
        }
    }

    private func tryAll<Draft>(_ table: AttributeTable<Draft>, _ store: ScratchStore) async throws {
        for attribute in table.attributes {
            var query = ListQuery()
            query.names = [attribute.name]
            query.order = [attribute.sortKey(descending: true)].compactMap(\.self)
            switch attribute.filter {
            case .none: break
            case .equal: query.conditions = [try attribute.condition([example(attribute.type)])]
            case .custom(let condition): query.conditions = [try condition(["ip_address=10.0.0.1"])]
            }
            #expect(try await list(table, query, store) == [], "\(table.plural).\(attribute.name)")
            #expect(
                try await list(table, query, store, as: Viewer(project: ProjectID("p"), isAdmin: false)) == [],
                "\(table.plural).\(attribute.name)")
        }
    }

    private func example(_ type: AttributeType) -> String {
        switch type.kind {
        case .integer: "1"
        case .boolean: "true"
        case .time: "2026-01-01"
        case .text, .json: ""
        }
    }
}
