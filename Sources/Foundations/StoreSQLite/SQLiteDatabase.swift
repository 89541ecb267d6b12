import Dispatch
import Foundation
import GRDB
package import Telemetry
import Model
package import Store
import Synchronization

/// SQLite through GRDB: one writer that commits groups, a few readers (WAL). Every acknowledged commit is on disk.
package final class SQLiteDatabase: Store.Database {
    private static let readerCount = 4
    let writer: DatabaseQueue
    private let committer: GroupCommitter
    private let readers: Readers
    private let checkpointer: Checkpointer?

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
        writer = try Self.open(path, cacheKiB: 8000, readOnly: readOnly)
        checkpointer =
            readOnly ? nil : Checkpointer(try Self.open(path, cacheKiB: 8000, readOnly: false), trouble)
        committer = GroupCommitter(writer: writer, sizes: commitSizes, checkpointer: checkpointer)
        // Four readers with large caches would hold the same pages four times.
        readers = Readers(
            try (0..<Self.readerCount).map { _ in try Self.open(path, cacheKiB: 2000, readOnly: true) })
        // Who only looks loses nothing, and takes a store as it is.
        if !readOnly { try demandDurability() }
    }

    /// GRDB sets `synchronous = NORMAL` when it turns the log on, after all that a configuration can ask for; so what
    /// is needed is set on the open connection.
    private static func open(_ path: String, cacheKiB: Int, readOnly: Bool) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.readonly = readOnly
        configuration.journalMode = readOnly ? .default : .wal
        let connection = try DatabaseQueue(path: path, configuration: configuration)
        try connection.inDatabase { db in
            // The log is written back at 64 MB: what is usual the checkpointer does.
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -\(cacheKiB);
                    PRAGMA wal_autocheckpoint = 16000
                    """)
        }
        return connection
    }

    private func demandDurability() throws {
        for connection in connections { try ConnectionSettings.demand(on: connection) }
        // A process that was killed may have left commits in the log that are not on the disk, and nobody may read, and
        // then lose, them. A checkpoint syncs the log first.
        do {
            _ = try writer.inDatabase { try $0.checkpoint(.passive) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            return  // Another process is at it.
        }
    }

    /// All that are open.
    var connections: [DatabaseQueue] {
        [writer] + readers.connections + (checkpointer.map { [$0.connection] } ?? [])
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
        try readers.close()
        try checkpointer?.close()
        committer.close()
        try writer.close()
    }

    /// Copies everything as of one moment into an SQLite file, on a thread of its own, while others write.
    package func copy(to path: String) async throws {
        let target = try DatabaseQueue(path: path)
        var configuration = Configuration()
        configuration.readonly = true
        let source = try DatabaseQueue(path: writer.path, configuration: configuration)
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            DispatchQueue(label: "novella.backup").async {
                done.resume(with: Result { try source.backup(to: target) })
            }
        }
        try source.close()
        try target.close()
    }

    /// Brings the schema up to date; safe to repeat. A migration whose text differs from the one applied is refused.
    package func migrate(_ migrations: [Migration] = Migrations.all) throws {
        try writer.write { db in
            try db.execute(
                sql: "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL) STRICT")
            let applied = try Row.fetchAll(db, sql: "SELECT name, checksum FROM migrations").reduce(into: [:]) {
                $0[$1["name"] as String] = $1["checksum"] as String
            }
            for migration in migrations {
                if let checksum = applied[migration.name] {
                    guard checksum == migration.checksum else {
                        throw StoreError(.corrupt, "migration \(migration.name) differs from the one this file has had")
                    }
                    continue
                }
                for statement in migration.statements(for: .sqlite) { try db.execute(sql: statement) }
                try db.execute(
                    sql: "INSERT INTO migrations VALUES (?, ?)", arguments: [migration.name, migration.checksum])
            }
        }
    }

    /// The schema as SQLite holds it, one statement a paragraph, for comparison with the committed dump.
    package func schemaDump() throws -> String {
        try writer.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
                    ORDER BY type DESC, name
                    """
            ).joined(separator: "\n\n") + "\n"
        }
    }
}
