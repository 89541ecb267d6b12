extension Migrations {
    /// Host aggregates, numbers of hosts, the epoch by which a claim is compared, and limits by quota class.
    static let administration = Migration(
        "0026-administration",
        [
            .table(
                "numbers",
                """
                name TEXT PRIMARY KEY NOT NULL,
                last INTEGER NOT NULL CHECK (last >= 0)
                """),
            .table(
                "aggregates",
                """
                id INTEGER PRIMARY KEY NOT NULL,
                uuid TEXT NOT NULL UNIQUE,
                name TEXT NOT NULL UNIQUE CHECK (name <> ''),
                metadata TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER
                """),
            .table(
                "aggregate_hosts",
                """
                aggregate_id INTEGER NOT NULL REFERENCES aggregates (id),
                host_id TEXT NOT NULL REFERENCES hosts (id),
                PRIMARY KEY (aggregate_id, host_id)
                """),
            .sql("CREATE INDEX aggregate_hosts_by_host ON aggregate_hosts (host_id)"),
            .column("hosts", "number INTEGER NOT NULL DEFAULT 0"),
            // The first two are those of the cloud's own services.
            .sql(
                """
                UPDATE hosts SET number = 2 + (
                    SELECT count(*) FROM hosts h
                    WHERE h.created_at < hosts.created_at OR (h.created_at = hosts.created_at AND h.id <= hosts.id))
                """),
            .sql("CREATE UNIQUE INDEX hosts_by_number ON hosts (number)"),
            .sql(
                """
                INSERT INTO numbers (name, last) SELECT 'hosts', 2 + count(*) FROM hosts
                UNION ALL SELECT 'aggregates', 0
                """),
            .column("resource_providers", "epoch INTEGER NOT NULL DEFAULT 0"),
        ] + quotaClasses)

    /// Limits that differ from the defaults were set for their projects.
    private static let quotaClasses: [Migration.Statement] =
        [
            .table(
                "quota_classes",
                """
                class TEXT NOT NULL,
                resource TEXT NOT NULL,
                limit_value INTEGER NOT NULL CHECK (limit_value >= -1),
                PRIMARY KEY (class, resource)
                """),
            .column("quotas", "is_own INTEGER NOT NULL DEFAULT 1 CHECK (is_own IN (0, 1))"),
        ]
        + [
            ("instances", 10), ("cores", 20), ("ram", 51_200), ("key_pairs", 100), ("metadata_items", 128),
            ("server_groups", 10), ("server_group_members", 10),
        ].map { resource, limit in
            .sql("UPDATE quotas SET is_own = 0 WHERE resource = '\(resource)' AND limit_value = \(limit)")
        }
}
