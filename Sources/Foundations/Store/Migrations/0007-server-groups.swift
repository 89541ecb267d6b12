extension Migrations {
    /// Server groups, and the traits of resource providers.
    static let serverGroups = Migration(
        "0007-server-groups",
        [
            .table(
                "server_groups",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                user_id TEXT NOT NULL,
                name TEXT NOT NULL,
                policy TEXT NOT NULL CHECK (
                    policy IN ('affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity')),
                max_server_per_host INTEGER CHECK (max_server_per_host >= 1),
                created_at INTEGER NOT NULL,
                CHECK (max_server_per_host IS NULL OR policy = 'anti-affinity')
                """),
            .sql("CREATE INDEX server_groups_by_project ON server_groups (project_id, created_at, id)"),
            .table(
                "server_group_members",
                """
                server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
                group_id TEXT NOT NULL REFERENCES server_groups (id) ON DELETE CASCADE
                """),
            .sql("CREATE INDEX server_group_members_by_group ON server_group_members (group_id)"),
            .table(
                "resource_provider_traits",
                """
                provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
                trait TEXT NOT NULL CHECK (trait <> ''),
                PRIMARY KEY (provider_id, trait)
                """),
        ])
}
