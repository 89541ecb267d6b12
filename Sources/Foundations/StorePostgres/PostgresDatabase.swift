import Model
package import Store

/// PostgreSQL through libpq, for a cloud of many processes: serializable transactions, run again after conflicts.
///
/// A body that goes on after a statement failed is rolled back all the same, and throws that statement's error.
package final class PostgresDatabase: Store.Database {
    /// A number of this cloud's own among PostgreSQL's advisory locks.
    private static let migrationLock: Int64 = 0x6e6f_7665_6c6c_61
    private let pool: PostgresPool

    /// Not `now()`, which is when the transaction began.
    package var timeStatement: String? {
        "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"
    }

    private init(_ settings: PostgresSettings) {
        pool = PostgresPool(settings)
    }

    /// Connects once, to find out whether the database can be used. Its texts must compare byte by byte as in SQLite.
    package static func open(_ settings: PostgresSettings) async throws -> PostgresDatabase {
        let database = PostgresDatabase(settings)
        let (encoding, collation) = try await database.read { db in
            var found = ("", "")
            try db.forEach(
                """
                SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database
                WHERE datname = current_database()
                """, []
            ) { found = ($0.text(0), $0.text(1)) }
            return found
        }
        guard encoding == "UTF8", ["C", "POSIX", "C.UTF-8", "C.utf8"].contains(collation) else {
            throw StoreError(
                .other,
                "the PostgreSQL database has encoding \(encoding) and collation \(collation), not UTF8 and C; make it "
                    + "with CREATE DATABASE ... ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0")
        }
        return database
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await pool.run { try $0.transaction(.read, body) }
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await pool.run { try $0.transaction(.write, body) }
    }

    package func close() async throws {
        await pool.close()
    }

    /// Runs a command that refuses to stand in a transaction, such as `CREATE DATABASE`.
    package func runAlone(_ sql: String) async throws {
        try await pool.run { try $0.alone(sql) }
    }

    /// Brings the schema up to date; safe to repeat, and from many processes at once. All of it is one commit.
    ///
    /// - Parameter watch: gets each statement before it is run; what it throws ends the migration.
    /// - Throws: see `Migrator.apply`.
    package func migrate(
        _ migrations: [Migration] = Migrations.all, watch: @escaping @Sendable (String) throws -> Void = { _ in }
    ) async throws {
        try await pool.run { session in
            try session.transaction(.migration) { db in
                try session.command("SET LOCAL statement_timeout = 0")
                try session.command("SELECT pg_advisory_xact_lock(\(Self.migrationLock))")
                let migrator = Migrator(.postgresql, db) { statement in
                    try watch(statement)
                    try session.command(statement)
                }
                _ = try migrator.apply(migrations)
            }
        }
    }

    /// The schema as PostgreSQL holds it, one statement a paragraph, for comparison with the committed dump.
    package func schemaDump() async throws -> String {
        try await read { try SchemaDump.text($0) }
    }
}
