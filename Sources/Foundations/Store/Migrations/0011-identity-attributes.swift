extension Migrations {
    /// What clients may give of Identity's records, groups, and credentials of applications.
    ///
    /// The name of a role that belongs to a domain is kept with the domain's id behind it, so that names are unique in
    /// each domain.
    static let identityAttributes = Migration(
        "0011-identity-attributes",
        columns + [
            .sql("CREATE INDEX projects_by_parent ON projects (parent_id)")
        ] + groups + credentials)

    private static let columns: [Migration.Statement] =
        ["domains", "projects", "users", "roles"].map { .column($0, "options TEXT NOT NULL DEFAULT '{}'") }
        + ["domains", "projects", "users", "roles", "catalog_services", "endpoints", "regions"].map {
            .column($0, "extra TEXT NOT NULL DEFAULT '{}'")
        }
        + ["domains", "projects"].flatMap { table -> [Migration.Statement] in
            [
                .column(table, "tags TEXT NOT NULL DEFAULT '[]'"),
                .column(table, "epoch INTEGER NOT NULL DEFAULT 0"),
            ]
        }
        + [
            .column("projects", "parent_id TEXT"), .column("roles", "domain_id TEXT"),
            .column("regions", "parent_region_id TEXT"),
            .column("role_assignments", "inherited INTEGER NOT NULL DEFAULT 0"),
        ]

    private static let groups: [Migration.Statement] = [
        .table(
            "user_groups",
            """
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL CHECK (name <> ''),
            domain_id TEXT NOT NULL REFERENCES domains (id),
            description TEXT NOT NULL,
            extra TEXT NOT NULL,
            UNIQUE (domain_id, name)
            """),
        .table(
            "group_members",
            """
            group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            PRIMARY KEY (group_id, user_id)
            """),
        .sql("CREATE INDEX group_members_by_user ON group_members (user_id)"),
        .table(
            "group_assignments",
            """
            key TEXT PRIMARY KEY NOT NULL,
            group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
            target TEXT NOT NULL CHECK (target IN ('project', 'domain', 'system')),
            target_id TEXT NOT NULL,
            role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
            inherited INTEGER NOT NULL
            """),
        .sql("CREATE INDEX group_assignments_by_group ON group_assignments (group_id)"),
        .sql("CREATE INDEX group_assignments_by_target ON group_assignments (target_id)"),
    ]

    private static let credentials: [Migration.Statement] = [
        .table(
            "application_credentials",
            """
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            description TEXT,
            secret_hash TEXT NOT NULL,
            roles TEXT NOT NULL,
            unrestricted INTEGER NOT NULL CHECK (unrestricted IN (0, 1)),
            expires_at INTEGER,
            UNIQUE (user_id, name)
            """),
        .table(
            "credentials",
            """
            id TEXT PRIMARY KEY NOT NULL,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            project_id TEXT,
            type TEXT NOT NULL,
            blob TEXT NOT NULL,
            extra TEXT NOT NULL
            """),
        .sql("CREATE INDEX credentials_by_user ON credentials (user_id)"),
    ]
}
