import Model
import Store
import Testing
import TestSupport

@Suite struct SchemaTests {
    @Test(arguments: StoreKind.here) func matchesTheGoldenDump(kind: StoreKind) async throws {
        let dump = try await ScratchStore(on: kind).schemaDump()
        #expect(try Golden.text("schema/\(kind).sql", rewrittenWith: dump) == dump)
    }

    /// Stores that were made by a release have its checksums; another one would be refused.
    @Test func checksumsAreThoseOfReleases() throws {
        let text = Migrations.all.map { "\($0.name) \($0.checksum)\n" }.joined()
        #expect(try Golden.text("schema/checksums", rewrittenWith: text) == text)
    }

    @Test(arguments: StoreKind.here) func migratingAgainChangesNothing(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let before = try await store.schemaDump()
        try await store.transaction { try ChangeFeedQueries.bump(.network, $0) }
        try await store.migrate()
        #expect(try await store.schemaDump() == before)
        #expect(try await store.read { try ChangeFeedQueries.sequence(.network, $0) } == 1)
    }

    @Test(arguments: StoreKind.here) func appliesOnlyWhatIsNew(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind, migrated: false)
        for count in 1...Migrations.all.count { try await store.migrate(Array(Migrations.all.prefix(count))) }
        #expect(try await store.schemaDump() == ScratchStore(on: kind).schemaDump())
    }

    @Test(arguments: StoreKind.here) func refusesAnEditedMigration(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        var edited = Migrations.all
        edited[0].statements.append(.sql("CREATE TABLE extra (id TEXT) STRICT"))
        let error = await #expect(throws: StoreError.self) { try await store.migrate(edited) }
        #expect(error?.kind == .corrupt && error?.description.contains("0001-identity") == true)
        #expect(try await !store.schemaDump().contains("TABLE extra"))
    }

    @Test(arguments: StoreKind.here) func aMigrationThatFailsLeavesNothing(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let before = try await store.schemaDump()
        let broken = Migration(
            "9999-broken", [.table("fine", "id TEXT PRIMARY KEY NOT NULL"), .sql("CREATE nonsense")])
        await #expect(throws: (any Error).self) { try await store.migrate(Migrations.all + [broken]) }
        #expect(try await store.schemaDump() == before)
    }

    @Test func namesAreInOrderAndUnique() {
        let names = Migrations.all.map(\.name)
        #expect(names == names.sorted() && Set(names.map { $0.prefix(4) }).count == names.count)
        #expect(Set(Migrations.all.map(\.checksum)).count == names.count)
    }

    @Test func bothDialectsComeFromOneText() {
        let table = Migration.Statement.table("t", "id TEXT NOT NULL,\nat INTEGER NOT NULL")
        #expect(table.text(.sqlite) == "CREATE TABLE t (\nid TEXT NOT NULL,\nat INTEGER NOT NULL\n) STRICT")
        #expect(table.text(.postgresql) == "CREATE TABLE t (\nid TEXT NOT NULL,\nat BIGINT NOT NULL\n)")
        #expect(Migration.Statement.sql("SELECT 1").text(.postgresql) == "SELECT 1")
    }

    @Test(arguments: StoreKind.here) func aStoreOfANewerReleaseIsRefused(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let error = await #expect(throws: StoreError.self) { try await store.migrate(Array(Migrations.all.dropLast())) }
        #expect(error?.description.contains(Migrations.all.last?.name ?? "?") == true)
    }

    /// A checksum of a description of the statements, as earlier releases have written it.
    @Test(arguments: StoreKind.here) func formerChecksumsAreReplaced(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let statement = "SELECT checksum FROM migrations WHERE name = '0001-identity'"
        let now = try await store.read { try $0.texts(statement) }
        try await store.transaction {
            try $0.execute(
                "UPDATE migrations SET checksum = '2fe7776396eca04d' WHERE name = '0001-identity'", [])
        }
        try await store.migrate()
        #expect(try await store.read { try $0.texts(statement) } == now)
    }
}
