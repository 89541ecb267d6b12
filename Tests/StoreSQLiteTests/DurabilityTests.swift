import CSQLite
import Dispatch
import Foundation
import Model
import Store
import Synchronization
import Testing

@testable import StoreSQLite

/// Counts the syncs of one connection's log, which SQLite does by this table of functions.
private enum LogSyncs {
    static let count = Atomic(0)
    nonisolated(unsafe) static var original: UnsafePointer<sqlite3_io_methods>?

    static func watch(_ connection: OpaquePointer) throws {
        var log: UnsafeMutablePointer<sqlite3_file>?
        #expect(sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK)
        let file = try #require(log)
        let methods = try #require(file.pointee.pMethods)
        original = methods
        // As long as the process, because the connection closes when it likes.
        let counting = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        counting.initialize(to: methods.pointee)
        counting.pointee.xSync = { file, flags in
            LogSyncs.count.add(1, ordering: .relaxed)
            return LogSyncs.original?.pointee.xSync(file, flags) ?? SQLITE_IOERR
        }
        file.pointee.pMethods = UnsafePointer(counting)
    }
}

/// What SQLite does when it commits, asked of SQLite.
@Suite(.timeLimit(.minutes(3)))
struct DurabilityTests {
    private func inStore(_ body: (SQLiteDatabase, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/novella-store-\(UUIDText.random())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/cloud.db"
        let store = try SQLiteDatabase(path: path) { Issue.record($0) }
        try store.migrate()
        try await body(store, path)
        try await store.close()
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func everyConnectionHasWhatIsNeeded() async throws {
        try await inStore { store, _ in
            // A reader after the first is opened for a read that would have to wait.
            #expect(store.handles.count == 3)
            let gate = DispatchSemaphore(value: 0)
            async let held: Void = store.read { _ in gate.wait() }
            while store.handles.count == 3 { _ = try await store.read { try $0.integer("SELECT 1") } }
            gate.signal()
            try await held
            #expect(store.handles.count == 4)
            for handle in store.handles {
                #expect(try ConnectionSettings(inForceOn: handle) == .needed)
            }
            let found = try await store.transaction { try $0.integer("PRAGMA synchronous") }
            #expect(found == 2)
        }
    }

    /// A second opening finds a log that is there already.
    @Test func aSecondOpeningHasItToo() async throws {
        try await inStore { _, path in
            let second = try SQLiteDatabase(path: path) { Issue.record($0) }
            for handle in second.handles {
                #expect(try ConnectionSettings(inForceOn: handle) == .needed)
            }
            try await second.close()
        }
    }

    @Test func theLogIsSyncedBeforeACommitReturns() async throws {
        try await inStore { store, _ in
            try store.writer.wait { try LogSyncs.watch($0.db) }
            for number in 1...20 {
                let before = LogSyncs.count.load(ordering: .relaxed)
                try await store.transaction { try $0.insert(Region(id: "r\(number)")) }
                #expect(LogSyncs.count.load(ordering: .relaxed) > before)
            }
            // So that it is known what is counted.
            try store.writer.wait { try $0.script("PRAGMA synchronous = NORMAL") }
            let before = LogSyncs.count.load(ordering: .relaxed)
            try await store.transaction { try $0.insert(Region(id: "unsynced")) }
            #expect(LogSyncs.count.load(ordering: .relaxed) == before)
        }
    }

    @Test func lessIsRefusedByName() async throws {
        try await inStore { store, path in
            try store.writer.wait { try $0.script("PRAGMA synchronous = NORMAL") }
            let error = #expect(throws: StoreError.self) { try ConnectionSettings.demand(on: store.writer) }
            #expect(error?.description.contains("synchronous is 1, needed is 2 (FULL)") == true)
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test func eachShortcomingIsNamed() {
        let poor = ConnectionSettings(synchronous: 0, journalMode: "delete", foreignKeys: 0)
        #expect(
            poor.shortcomings == [
                "synchronous is 0, needed is 2 (FULL)", "journal_mode is delete, needed is wal",
                "foreign_keys is 0, needed is 1",
            ])
        #expect(ConnectionSettings(synchronous: 3, journalMode: "wal", foreignKeys: 1).shortcomings.isEmpty)
    }

    /// What is in the files while a migration runs is what a loss of power would leave.
    @Test func powerLostInAMigrationLeavesTheOldSchema() async throws {
        try await inStore { store, path in
            try await store.transaction { db in
                for number in 1...2000 {
                    try db.execute(
                        "INSERT INTO quotas (project_id, resource, limit_value, used) VALUES (?1, 'cores', 1, 0)",
                        [.text("p\(number)")])
                }
            }
            let before = try store.schemaDump()
            let rebuilt = Migration(
                "9999-rebuilt",
                [
                    .rebuild(
                        "quotas",
                        "project_id TEXT NOT NULL,\nlimit_value INTEGER NOT NULL,\nmore TEXT",
                        from: ["more": "'\(String(repeating: "x", count: 4000))'"])
                ])
            var copies: [String] = []
            try store.migrate(Migrations.all + [rebuilt]) { _ in
                let copy = path + ".\(copies.count)"
                for suffix in ["", "-wal"] {
                    try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
                }
                copies.append(copy)
            }
            #expect(copies.count > 5)
            for copy in copies {
                let left = try SQLiteDatabase(path: copy) { Issue.record($0) }
                #expect(try left.schemaDump() == before)
                #expect(try await left.read { try $0.integer("SELECT count(*) FROM quotas") } == 2000)
                try await left.close()
            }
            #expect(try store.schemaDump() != before)
        }
    }
}
