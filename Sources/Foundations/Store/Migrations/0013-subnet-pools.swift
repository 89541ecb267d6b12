extension Migrations {
    /// Subnet pools, of which there is one default of each version at most, and address scopes.
    static let subnetPools = Migration(
        "0013-subnet-pools",
        [
            .table(
                "address_scopes",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                name TEXT NOT NULL,
                ip_version INTEGER NOT NULL CHECK (ip_version IN (4, 6)),
                is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
                created_at INTEGER NOT NULL
                """),
            .sql("CREATE INDEX address_scopes_by_project ON address_scopes (project_id, created_at, id)"),
            .table(
                "subnetpools",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                name TEXT NOT NULL,
                description TEXT NOT NULL,
                prefixes TEXT NOT NULL,
                ip_version INTEGER NOT NULL CHECK (ip_version IN (4, 6)),
                min_prefixlen INTEGER NOT NULL CHECK (min_prefixlen >= 0),
                max_prefixlen INTEGER NOT NULL CHECK (max_prefixlen <= CASE ip_version WHEN 4 THEN 32 ELSE 128 END),
                default_prefixlen INTEGER NOT NULL,
                default_quota INTEGER CHECK (default_quota >= 0),
                is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
                is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
                address_scope_id TEXT REFERENCES address_scopes (id),
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                revision INTEGER NOT NULL CHECK (revision >= 0),
                CHECK (min_prefixlen <= default_prefixlen AND default_prefixlen <= max_prefixlen)
                """),
            .sql("CREATE INDEX subnetpools_by_project ON subnetpools (project_id, created_at, id)"),
            .sql("CREATE INDEX subnetpools_by_scope ON subnetpools (address_scope_id)"),
            .sql("CREATE UNIQUE INDEX subnetpools_default ON subnetpools (ip_version) WHERE is_default = 1"),
            .column("subnets", "subnetpool_id TEXT REFERENCES subnetpools (id)"),
            .sql("CREATE INDEX subnets_by_pool ON subnets (subnetpool_id)"),
        ])
}
