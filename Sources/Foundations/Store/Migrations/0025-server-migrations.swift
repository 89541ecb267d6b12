extension Migrations {
    /// Servers that get another size or another host.
    static let serverMigrations = Migration(
        "0025-server-migrations",
        [
            .table(
                "server_migrations",
                """
                uuid TEXT PRIMARY KEY NOT NULL,
                id INTEGER NOT NULL UNIQUE,
                server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
                kind TEXT NOT NULL CHECK (kind IN ('resize', 'migration', 'live-migration', 'evacuation')),
                status TEXT NOT NULL,
                source_host_id TEXT NOT NULL,
                target_host_id TEXT NOT NULL,
                old_flavor_id TEXT NOT NULL,
                old_flavor TEXT NOT NULL,
                new_flavor_id TEXT NOT NULL,
                new_flavor TEXT NOT NULL,
                settled TEXT NOT NULL,
                machine INTEGER,
                user_id TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
                """),
            .sql("CREATE INDEX server_migrations_by_server ON server_migrations (server_id, created_at)"),
        ])
}
