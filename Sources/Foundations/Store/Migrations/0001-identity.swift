extension Migrations {
    static let identity = Migration(
        "0001-identity",
        [
            .table(
                "domains",
                """
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL UNIQUE CHECK (name <> ''),
                description TEXT NOT NULL,
                enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
                """),
            .table(
                "projects",
                """
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL CHECK (name <> ''),
                domain_id TEXT NOT NULL REFERENCES domains (id),
                description TEXT NOT NULL,
                enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
                UNIQUE (domain_id, name)
                """),
            .table(
                "users",
                """
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL CHECK (name <> ''),
                domain_id TEXT NOT NULL REFERENCES domains (id),
                default_project_id TEXT,
                email TEXT,
                description TEXT,
                enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
                password_hash TEXT,
                epoch INTEGER NOT NULL CHECK (epoch >= 0),
                UNIQUE (domain_id, name)
                """),
            .table(
                "roles",
                """
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL UNIQUE CHECK (name <> ''),
                description TEXT
                """),
            .table(
                "role_implications",
                """
                prior_role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
                implied_role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
                PRIMARY KEY (prior_role_id, implied_role_id)
                """),
            .table(
                "role_assignments",
                """
                key TEXT PRIMARY KEY NOT NULL,
                user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                target TEXT NOT NULL CHECK (target IN ('project', 'domain', 'system')),
                target_id TEXT NOT NULL,
                role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE
                """),
            .sql("CREATE INDEX role_assignments_by_user ON role_assignments (user_id)"),
            .sql("CREATE INDEX role_assignments_by_target ON role_assignments (target_id)"),
            .table(
                "regions",
                """
                id TEXT PRIMARY KEY NOT NULL,
                description TEXT NOT NULL
                """),
            .table(
                "catalog_services",
                """
                id TEXT PRIMARY KEY NOT NULL,
                type TEXT NOT NULL,
                name TEXT NOT NULL,
                description TEXT NOT NULL,
                enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
                """),
            .table(
                "endpoints",
                """
                id TEXT PRIMARY KEY NOT NULL,
                service_id TEXT NOT NULL REFERENCES catalog_services (id) ON DELETE CASCADE,
                interface TEXT NOT NULL CHECK (interface IN ('public', 'internal', 'admin')),
                url TEXT NOT NULL,
                region_id TEXT NOT NULL REFERENCES regions (id),
                enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
                """),
            .table(
                "token_keys",
                """
                id TEXT PRIMARY KEY NOT NULL,
                secret TEXT NOT NULL,
                created_at INTEGER NOT NULL
                """),
            .table(
                "revoked_tokens",
                """
                audit_id TEXT PRIMARY KEY NOT NULL,
                expires_at INTEGER NOT NULL
                """),
            .table(
                "change_feed",
                """
                topic TEXT PRIMARY KEY NOT NULL,
                sequence INTEGER NOT NULL
                """),
            .sql("INSERT INTO change_feed (topic, sequence) VALUES ('identity', 0), ('network', 0), ('hosts', 0)"),
        ])
}
