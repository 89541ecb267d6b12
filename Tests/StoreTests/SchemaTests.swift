import Model
import Store
import Testing
import TestSupport

@Suite struct SchemaTests {
    @Test func matchesTheGoldenDump() throws {
        let dump = try ScratchStore().schemaDump()
        #expect(try Golden.text("schema/sqlite.sql", rewrittenWith: dump) == dump)
    }

    @Test func migratingAgainChangesNothing() async throws {
        let store = try ScratchStore()
        let before = try store.schemaDump()
        try await store.transaction { try ChangeFeedQueries.bump(.hosts, $0) }
        try store.migrate()
        #expect(try store.schemaDump() == before)
        #expect(try await store.read { try ChangeFeedQueries.sequence(.hosts, $0) } == 1)
    }

    @Test func appliesOnlyWhatIsNew() throws {
        let store = try ScratchStore(migrated: false)
        for count in 1...Migrations.all.count { try store.migrate(Array(Migrations.all.prefix(count))) }
        #expect(try store.schemaDump() == ScratchStore().schemaDump())
    }

    @Test func refusesAnEditedMigration() throws {
        let store = try ScratchStore()
        var edited = Migrations.all
        edited[0].statements.append(.sql("CREATE TABLE extra (id TEXT) STRICT"))
        let error = #expect(throws: StoreError.self) { try store.migrate(edited) }
        #expect(error?.kind == .corrupt && error?.description.contains("0001-identity") == true)
        #expect(try !store.schemaDump().contains("TABLE extra"))
    }

    @Test func aMigrationThatFailsLeavesNothing() throws {
        let store = try ScratchStore()
        let before = try store.schemaDump()
        let broken = Migration(
            "9999-broken", [.table("fine", "id TEXT PRIMARY KEY NOT NULL"), .sql("CREATE nonsense")])
        #expect(throws: (any Error).self) { try store.migrate(Migrations.all + [broken]) }
        #expect(try store.schemaDump() == before)
    }

    @Test func namesAreInOrderAndUnique() {
        let names = Migrations.all.map(\.name)
        #expect(names == names.sorted() && Set(names.map { $0.prefix(4) }).count == names.count)
        #expect(Set(Migrations.all.map(\.checksum)).count == names.count)
    }

    @Test func bothDialectsComeFromOneText() {
        let migration = Migration("x", [.table("t", "id TEXT NOT NULL,\nat INTEGER NOT NULL"), .sql("SELECT 1")])
        #expect(
            migration.statements(for: .sqlite) == [
                "CREATE TABLE t (\nid TEXT NOT NULL,\nat INTEGER NOT NULL\n) STRICT", "SELECT 1",
            ])
        #expect(
            migration.statements(for: .postgresql) == [
                "CREATE TABLE t (\nid TEXT NOT NULL,\nat BIGINT NOT NULL\n)", "SELECT 1",
            ])
    }
}
