import Store

/// Tables and indexes out of PostgreSQL's catalog, in an order that depends on names only.
enum SchemaDump {
    static func text(_ db: any Connection) throws -> String {
        let tables = try db.texts(
            """
            SELECT relname FROM pg_class
            WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname
            """)
        let statements = try tables.map { try table($0, db) } + indexes(db)
        return statements.joined(separator: "\n\n") + "\n"
    }

    private static func table(_ name: String, _ db: any Connection) throws -> String {
        let columns = try db.texts(
            """
            SELECT format('%I %s', attname, upper(format_type(atttypid, atttypmod)))
                || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
            FROM pg_attribute
            WHERE attrelid = format('%I', CAST(?1 AS TEXT))::regclass AND attnum > 0 AND NOT attisdropped
            ORDER BY attnum
            """,
            [.text(name)])
        let constraints = try db.texts(
            """
            SELECT format('CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
            WHERE conrelid = format('%I', CAST(?1 AS TEXT))::regclass ORDER BY contype <> 'p', conname
            """,
            [.text(name)])
        return "CREATE TABLE \(name) (\n    \((columns + constraints).joined(separator: ",\n    "))\n);"
    }

    /// Those that no constraint brings with it.
    private static func indexes(_ db: any Connection) throws -> [String] {
        try db.texts(
            """
            SELECT pg_get_indexdef(indexrelid) || ';'
            FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
            WHERE relnamespace = current_schema()::regnamespace
                AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
            ORDER BY relname
            """)
    }
}
