extension Migrations {
    static let image = Migration(
        "0002-image",
        [
            .table(
                "images",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                name TEXT,
                status TEXT NOT NULL
                    CHECK (status IN ('queued', 'saving', 'active', 'deactivated', 'killed', 'deleted')),
                visibility TEXT NOT NULL CHECK (visibility IN ('public', 'private', 'shared', 'community')),
                is_protected INTEGER NOT NULL CHECK (is_protected IN (0, 1)),
                is_hidden INTEGER NOT NULL CHECK (is_hidden IN (0, 1)),
                disk_format TEXT,
                container_format TEXT,
                min_disk INTEGER NOT NULL CHECK (min_disk >= 0),
                min_ram INTEGER NOT NULL CHECK (min_ram >= 0),
                size INTEGER CHECK (size >= 0),
                virtual_size INTEGER CHECK (virtual_size >= 0),
                checksum TEXT,
                sha512 TEXT,
                properties TEXT NOT NULL,
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                CHECK (status <> 'active' OR (size IS NOT NULL AND sha512 IS NOT NULL))
                """),
            .sql("CREATE INDEX images_by_project ON images (project_id)"),
            .sql("CREATE INDEX images_by_name ON images (name)"),
            .sql("CREATE INDEX images_by_creation ON images (created_at, id)"),
        ])
}
