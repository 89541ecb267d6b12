import Dispatch
import Foundation
import GRDB
package import Telemetry
import Model
package import Store
import Synchronization

/// SQLite through GRDB: one writer that commits groups, many readers (WAL). Every acknowledged commit is on disk.
package final class SQLiteDatabase: Store.Database {
    private let pool: DatabasePool
    private let committer: GroupCommitter

    /// Opens or makes the file; `:memory:` is refused, because the pool's readers would see another database.
    package convenience init(path: String, commitSizes: Histogram? = nil) throws {
        try self.init(path, readOnly: false, commitSizes)
    }

    /// For looking at a store that another process may be using; writing fails.
    package convenience init(readingOnly path: String) throws {
        try self.init(path, readOnly: true, nil)
    }

    private init(_ path: String, readOnly: Bool, _ commitSizes: Histogram?) throws {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        committer = GroupCommitter(pool: pool, sizes: commitSizes)
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await pool.read { db in try mapped { try body(SQLiteConnection(db: db)) } }
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await committer.commit(body)
    }

    package func close() async throws {
        try pool.close()
    }

    /// Copies everything as of one moment into an SQLite file, on a thread of its own, while others write.
    package func copy(to path: String) async throws {
        let target = try DatabaseQueue(path: path)
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            DispatchQueue(label: "novella.backup").async { [pool] in
                done.resume(with: Result { try pool.backup(to: target) })
            }
        }
        try target.close()
    }

    /// Brings the schema up to date; safe to repeat. A migration whose text differs from the one applied is refused.
    package func migrate(_ migrations: [Migration] = Migrations.all) throws {
        try pool.write { db in
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
        try pool.read { db in
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

struct SQLiteConnection: Connection {
    let db: GRDB.Database

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        try mapped {
            let statement = try db.cachedStatement(sql: sql)
            statement.setUncheckedArguments(StatementArguments(arguments.map(\.databaseValue)))
            try statement.execute()
            return db.changesCount
        }
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ row: (any SQLRow) throws -> Void) throws {
        try mapped {
            let statement = try db.cachedStatement(sql: sql)
            let cursor = try Row.fetchCursor(statement, arguments: StatementArguments(arguments.map(\.databaseValue)))
            while let found = try cursor.next() { try row(SQLiteRow(row: found)) }
        }
    }
}

struct SQLiteRow: SQLRow {
    let row: Row

    func isNull(_ column: Int) -> Bool { row.hasNull(atIndex: column) }
    func integer(_ column: Int) -> Int64 { row[column] }
    func text(_ column: Int) -> String { row[column] }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .text(let value): value.databaseValue
        }
    }
}

/// GRDB's errors in the store's words.
func mapped<Result>(_ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DatabaseError {
        let kind: StoreError.Kind =
            switch error.extendedResultCode {
            case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY: .uniqueViolation
            case .SQLITE_CONSTRAINT_CHECK, .SQLITE_CONSTRAINT_NOTNULL: .checkViolation
            case .SQLITE_CONSTRAINT_FOREIGNKEY: .foreignKeyViolation
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
            default: .other
            }
        throw StoreError(kind, "\(error)")
    }
}
