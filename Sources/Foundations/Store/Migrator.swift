import Model

/// Brings a schema up to date inside one transaction of a store.
package struct Migrator {
    private let dialect: Migration.Dialect
    private let db: any Connection
    private let run: (String) throws -> Void

    /// `run` gets one statement without arguments, of those that change the schema.
    package init(_ dialect: Migration.Dialect, _ db: any Connection, run: @escaping (String) throws -> Void) {
        self.dialect = dialect
        self.db = db
        self.run = run
    }

    /// Applies what is new of `migrations`, and says whether anything was.
    ///
    /// - Throws: `StoreError` when the store has had another text of one of them, or one that is not among them.
    package func apply(_ migrations: [Migration]) throws -> Bool {
        let strict = dialect == .sqlite ? " STRICT" : ""
        try run("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL)\(strict)")
        var applied: [String: String] = [:]
        try db.forEach("SELECT name, checksum FROM migrations", []) { applied[$0.text(0)] = $0.text(1) }
        if let unknown = Set(applied.keys).subtracting(migrations.map(\.name)).min() {
            throw StoreError(
                .other, "The store has had the migration \(unknown), which is of a newer release: start that one.")
        }
        for migration in migrations {
            if let checksum = applied[migration.name] {
                try compare(checksum, with: migration)
            } else {
                for statement in migration.statements { try apply(statement) }
                try db.execute(
                    "INSERT INTO migrations (name, checksum) VALUES (?1, ?2)",
                    [.text(migration.name), .text(migration.checksum)])
            }
        }
        return applied.count < migrations.count
    }

    private func compare(_ checksum: String, with migration: Migration) throws {
        if checksum == migration.checksum { return }
        guard checksum == Migrations.formerChecksums[migration.name] else {
            throw StoreError(.corrupt, "The migration \(migration.name) differs from the one that this store has had.")
        }
        try db.execute(
            "UPDATE migrations SET checksum = ?2 WHERE name = ?1",
            [.text(migration.name), .text(migration.checksum)])
    }

    private func apply(_ statement: Migration.Statement) throws {
        guard case .rebuild(let table, let body, let from) = statement else { return try run(statement.text(dialect)) }
        let indexes = try indexes(of: table)
        let references = try references(to: table)
        let before = "\(table)_before"
        try run("CREATE TABLE \(before) AS SELECT * FROM \(table)")
        for reference in references { try run(reference.drop) }
        try run("DROP TABLE \(table)")
        try run(Migration.Statement.table(table, body).text(dialect))
        let columns = try columns(of: table)
        let values = columns.map { from[$0] ?? $0 }.joined(separator: ", ")
        try run("INSERT INTO \(table) (\(columns.joined(separator: ", "))) SELECT \(values) FROM \(before)")
        try run("DROP TABLE \(before)")
        for index in indexes { try run(index) }
        for reference in references { try run(reference.add) }
    }

    private func columns(of table: String) throws -> [String] {
        let sql =
            switch dialect {
            case .sqlite: "SELECT name FROM pragma_table_info(?1) ORDER BY cid"
            case .postgresql:
                """
                SELECT attname FROM pg_attribute WHERE attrelid = ?1::regclass AND attnum > 0 AND NOT attisdropped
                ORDER BY attnum
                """
            }
        return try db.texts(sql, [.text(table)])
    }

    /// The statements that made them; those that come with a constraint come again with it.
    private func indexes(of table: String) throws -> [String] {
        let sql =
            switch dialect {
            case .sqlite:
                """
                SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND type IN ('index', 'trigger') AND sql IS NOT NULL
                ORDER BY rowid
                """
            case .postgresql:
                """
                SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ?1::regclass
                AND indexrelid NOT IN (SELECT conindid FROM pg_constraint) ORDER BY indexrelid
                """
            }
        return try db.texts(sql, [.text(table)])
    }

    /// What other tables say of this one. SQLite has that by name, and does not look while foreign keys are off.
    private func references(to table: String) throws -> [(drop: String, add: String)] {
        guard dialect == .postgresql else { return [] }
        var found: [(drop: String, add: String)] = []
        try db.forEach(
            """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE contype = 'f' AND confrelid = ?1::regclass AND conrelid <> confrelid ORDER BY oid
            """, [.text(table)]
        ) { row in
            let alter = "ALTER TABLE \(row.text(0))"
            found.append(
                ("\(alter) DROP CONSTRAINT \(row.text(1))", "\(alter) ADD CONSTRAINT \(row.text(1)) \(row.text(2))"))
        }
        return found
    }
}
