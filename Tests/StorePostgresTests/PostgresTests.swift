import Dispatch
import Model
import Store
import StorePostgres
import Synchronization
import TestSupport
import Testing

private final class Runs: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// What PostgreSQL has that SQLite has not: other writers beside one's own, and a line that may break.
@Suite(.timeLimit(.minutes(3)), .enabled(if: StoreKind.hasPostgreSQL, "PostgreSQL is not installed"))
struct PostgresTests {
    private let store: ScratchStore

    init() async throws {
        store = try await ScratchStore(on: .postgresql)
    }

    private func database(_ change: (inout PostgresSettings) -> Void = { _ in }) async throws -> PostgresDatabase {
        try #require(try await store.postgres(change))
    }

    private func regions() async throws -> Set<String> {
        Set(try await store.read { try $0.fetch(Region.self).map(\.id) })
    }

    /// Each counts rows and writes the number: both would write the same one if neither ran again.
    @Test func transactionsThatMissEachOthersWritesRunAgain() async throws {
        let runs = Runs()
        let bothCounted = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in ["a", "b"] {
                group.addTask { [store] in
                    try await store.transaction { db in
                        let count = try db.fetch(Region.self).count
                        let run = runs.next()
                        if run == 2 { for _ in 1...2 { bothCounted.signal() } }
                        if run <= 2 { #expect(bothCounted.wait(timeout: .now() + 60) == .success) }
                        try db.insert(Region(id: "\(name)\(count)"))
                    }
                }
            }
            try await group.waitForAll()
        }
        let found = try await regions()
        #expect(found == ["a0", "b1"] || found == ["b0", "a1"])
        #expect(runs.next() > 3)
    }

    @Test func aBodyThatGoesOnAfterAFailureIsRolledBack() async throws {
        let error = await #expect(throws: StoreError.self) {
            try await store.transaction { db in
                try db.insert(Region(id: "one"))
                #expect(throws: StoreError.self) { try db.execute("UPDATE domains SET nothing = 1", []) }
            }
        }
        #expect(error?.description.contains("42703") == true)
        #expect(try await regions().isEmpty)
    }

    @Test func aLostConnectionIsMadeAgain() async throws {
        let database = try await database { $0.maximumConnections = 1 }
        let pid = try await database.read { try $0.integer("SELECT pg_backend_pid()") }
        _ = try await store.read {
            try $0.integer("SELECT pg_terminate_backend(?1::int, 30000)::int", [.integer(pid ?? 0)])
        }
        #expect(try await database.read { try $0.integer("SELECT pg_backend_pid()") } != pid)
    }

    @Test func aTransactionWhoseConnectionIsLostRunsAgain() async throws {
        let runs = Runs()
        try await store.transaction { db in
            try db.insert(Region(id: "one"))
            let run = runs.next()
            if run == 1 { _ = try db.integer("SELECT pg_terminate_backend(pg_backend_pid())::int") }
        }
        #expect(runs.next() == 3)
        #expect(try await regions() == ["one"])
    }

    @Test func aConnectionLostInACommitLeavesADoubt() async throws {
        let database = try await database()
        try await database.runAlone(
            """
            CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
            """)
        try await database.runAlone(
            """
            CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON regions DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION leave()
            """)
        let error = await #expect(throws: StoreError.self) {
            try await database.transaction { try $0.insert(Region(id: "one")) }
        }
        #expect(error?.description.contains("may or may not have been made") == true, "\(String(describing: error))")
    }

    @Test func aStatementMayNotTakeForever() async throws {
        let database = try await database { $0.statementTimeoutMilliseconds = 1_000 }
        let error = await #expect(throws: StoreError.self) {
            try await database.read { try $0.forEach("SELECT pg_sleep(60)", []) { _ in } }
        }
        #expect(error?.description.contains("57014") == true)
    }

    @Test func whatCannotBeReachedIsNamedWithoutItsPassword() async throws {
        let settings = PostgresSettings(connection: "host=/nowhere user=novella password=secret dbname=x")
        let error = await #expect(throws: StoreError.self) { _ = try await PostgresDatabase.open(settings) }
        #expect(error?.description.contains("/nowhere") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func anotherEncodingIsRefused() async throws {
        let database = try await database()
        try await database.runAlone("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0")
        let error = await #expect(throws: StoreError.self) {
            _ = try await store.postgres { $0.connection += " dbname=bytes" }
        }
        #expect(error?.description.contains("CREATE DATABASE") == true)
    }

    /// The server of these tests syncs nothing and waits for nothing.
    @Test func aServerThatCouldLoseCommitsIsRefused() async throws {
        let error = await #expect(throws: StoreError.self) {
            _ = try await store.postgres { $0.demandsDurability = true }
        }
        let text = error?.description ?? ""
        #expect(text.contains("fsync is off, needed is on; full_page_writes is off, needed is on"))
        #expect(!text.contains("synchronous_commit"))
    }

    @Test func aLowerDefaultOfSessionsIsRaised() async throws {
        let database = try await database { $0.connection += " options='-c synchronous_commit=off'" }
        #expect(try await database.read { try $0.texts("SHOW synchronous_commit") } == ["on"])
        let local = try await self.database { $0.connection += " options='-c synchronous_commit=local'" }
        #expect(try await local.read { try $0.texts("SHOW synchronous_commit") } == ["local"])
    }

    @Test func manyMayMigrateAtOnce() async throws {
        let empty = try await ScratchStore(on: .postgresql, migrated: false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await empty.migrate() } }
            try await group.waitForAll()
        }
        #expect(try await empty.schemaDump() == store.schemaDump())
    }

    @Test func errorsQuoteNoRows() async throws {
        try await store.transaction { try $0.insert(Domain(id: DomainID("d1"), name: "d")) }
        let user = User(
            id: UserID("u1"), name: "", domainID: DomainID("d1"), enabled: true, passwordHash: "scrypt$1", epoch: 0)
        let error = await #expect(throws: StoreError.self) { try await store.transaction { try $0.insert(user) } }
        #expect(error?.kind == .checkViolation)
        #expect(error?.description.contains("scrypt") == false)
    }

    @Test func textsComeBackAsTheyWere() async throws {
        let text = "'?1' \u{1F600} \\ \" \n $1"
        let found = try await store.read { db in
            try db.texts(
                "SELECT ?1 || '?1' || ?2 || \"relname\" FROM pg_class WHERE relname = 'pg_class'",
                [
                    .text(text), .text("b"),
                ])
        }
        #expect(found == [text + "?1bpg_class"])
        await #expect(throws: StoreError.self) {
            try await store.transaction { try $0.insert(Region(id: "a\u{0}b")) }
        }
    }

    @Test func aColumnReadAsWhatItIsNotIsCorrupt() async throws {
        for statement in ["SELECT 'x'", "SELECT 9223372036854775808", "SELECT NULL"] {
            let error = await #expect(throws: StoreError.self) {
                try await store.read { try $0.forEach(statement, []) { _ = $0.integer(0) } }
            }
            #expect(error?.kind == .corrupt)
        }
    }

    @Test func aClosedStoreRefuses() async throws {
        let database = try await database()
        try await database.close()
        await #expect(throws: StoreError.self) { try await database.read { _ in } }
        try await database.close()
    }
}
