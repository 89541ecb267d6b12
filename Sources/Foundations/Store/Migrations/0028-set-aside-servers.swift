extension Migrations {
    /// Servers that are shelved, or deleted for a while.
    static let setAsideServers = Migration(
        "0028-set-aside-servers",
        [
            .table(
                "set_aside_servers",
                """
                server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
                since INTEGER NOT NULL,
                image_id TEXT
                """)
        ])
}
