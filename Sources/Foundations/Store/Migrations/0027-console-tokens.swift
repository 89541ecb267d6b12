extension Migrations {
    /// Who may open a console, by the hash of a token.
    static let consoleTokens = Migration(
        "0027-console-tokens",
        [
            .table(
                "console_tokens",
                """
                hash TEXT PRIMARY KEY NOT NULL,
                server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
                host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
                kind TEXT NOT NULL CHECK (kind IN ('vnc', 'serial')),
                expires_at INTEGER NOT NULL
                """),
            .sql("CREATE INDEX console_tokens_server ON console_tokens (server_id)"),
            .sql("CREATE INDEX console_tokens_end ON console_tokens (expires_at)"),
        ])
}
