import Dispatch
import Foundation
package import Telemetry
import Model
package import Store
import Synchronization

/// SQLite: one writer that commits groups, a few readers (WAL). Every acknowledged commit is on disk.
package final class SQLiteDatabase: Database {
    /// One more than can run at once, so that a long list does not make all others wait; each has the schema in memory.
    private static let readerCount = min(4, ProcessInfo.processInfo.activeProcessorCount + 1)
    let writer: SQLiteHandle
    private let committer: GroupCommitter
    private let readers: Readers
    private let checkpointer: Checkpointer?
    package let timeStatement: String? = nil

    /// Opens or makes the file; `:memory:` is refused, because the pool's readers would see another database.
    ///
    /// - Parameters:
    ///   - commitSizes: how many transactions each commit held.
    ///   - trouble: told of what goes wrong beside the commits: the log is not written back, and grows.
    package convenience init(
        path: String, commitSizes: Histogram? = nil, trouble: @escaping @Sendable (any Error) -> Void
    ) throws {
        try self.init(path, readOnly: false, commitSizes, trouble)
    }

    /// For looking at a store that another process may be using; writing fails.
    package convenience init(readingOnly path: String) throws {
        try self.init(path, readOnly: true, nil) { _ in }
    }

    private init(
        _ path: String, readOnly: Bool, _ commitSizes: Histogram?, _ trouble: @escaping @Sendable (any Error) -> Void
    ) throws {
        guard path != ":memory:" else {
            throw StoreError(.other, "the store needs a file: each connection would see another ':memory:'")
        }
        writer = try SQLiteHandle(path: path, cacheKiB: 8000, readOnly ? .reading : .readingAndWriting)
        checkpointer =
            readOnly ? nil : Checkpointer(try SQLiteHandle(path: path, cacheKiB: 8000, .readingAndWriting), trouble)
        committer = GroupCommitter(writer: writer, sizes: commitSizes, checkpointer: checkpointer)
        // Readers with large caches would hold the same pages several times.
        readers = try Readers(limit: Self.readerCount, trouble: trouble) {
            let handle = try SQLiteHandle(path: path, cacheKiB: 2000, .reading)
            if !readOnly { try ConnectionSettings.demand(on: handle) }
            return handle
        }
        // Who only looks loses nothing, and takes a store as it is.
        if !readOnly { try demandDurability() }
    }

    private func demandDurability() throws {
        for handle in handles { try ConnectionSettings.demand(on: handle) }
        // A process that was killed may have left commits in the log that are not on the disk, and nobody may read, and
        // then lose, them. A checkpoint syncs the log first.
        _ = try writer.wait { try $0.checkpoint() }
    }

    /// All that are open.
    var handles: [SQLiteHandle] {
        [writer] + readers.handles + (checkpointer.map { [$0.handle] } ?? [])
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await readers.run(body)
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await committer.commit(body)
    }

    package func close() async throws {
        await withCheckedContinuation { done in
            DispatchQueue(label: "novella.sqlite.close").async { [self] in
                // The writer last, which takes the log away.
                readers.close()
                checkpointer?.handle.close()
                writer.close()
                done.resume()
            }
        }
    }

    /// Copies everything as of one moment into an SQLite file, on a thread of its own, while others write.
    package func copy(to path: String) async throws {
        let source = try SQLiteHandle(path: writer.path, cacheKiB: 2000, .reading)
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            source.start { connection in
                done.resume(
                    with: Result {
                        let target = try SQLiteHandle(path: path, cacheKiB: 2000, .copying)
                        defer { target.close() }
                        try target.wait { try connection.backUp(into: $0) }
                    })
            }
        }
        source.close()
    }

    /// Brings the schema up to date; safe to repeat. All of it is one commit.
    ///
    /// - Parameter watch: gets each statement before it is run; what it throws ends the migration.
    /// - Throws: see `Migrator.apply`; `StoreError` when a reference would be left without its parent.
    package func migrate(
        _ migrations: [Migration] = Migrations.all, watch: (String) throws -> Void = { _ in }
    ) throws {
        try writer.wait { db in
            // A table that is made anew is dropped, and its children would go with it; the switch does nothing inside a
            // transaction.
            try db.script("PRAGMA foreign_keys = OFF")
            let result = Result { try db.transaction("BEGIN IMMEDIATE") { try Self.migrate(migrations, db, watch) } }
            try db.script("PRAGMA foreign_keys = ON")
            try result.get()
        }
        try ConnectionSettings.demand(on: writer)
    }

    private static func migrate(
        _ migrations: [Migration], _ db: SQLiteConnection, _ watch: (String) throws -> Void
    ) throws {
        try withoutActuallyEscaping(watch) { watch in
            let migrator = Migrator(.sqlite, db) { statement in
                try watch(statement)
                try db.script(statement)
            }
            if try migrator.apply(migrations) { try checkReferences(db) }
        }
    }

    private static func checkReferences(_ db: SQLiteConnection) throws {
        let orphans = try db.texts(
            "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' to ' || parent FROM pragma_foreign_key_check")
        guard orphans.isEmpty else {
            throw StoreError(
                .foreignKeyViolation,
                "The migrations would leave references without what they refer to: "
                    + orphans.prefix(10).joined(separator: "; "))
        }
    }

    /// The schema as SQLite holds it, one statement a paragraph, for comparison with the committed dump.
    package func schemaDump() throws -> String {
        try writer.wait { db in
            try db.texts(
                """
                SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
                ORDER BY type DESC, name
                """
            ).joined(separator: "\n\n") + "\n"
        }
    }
}
