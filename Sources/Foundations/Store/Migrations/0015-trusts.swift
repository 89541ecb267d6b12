extension Migrations {
    /// A trust goes with its people, its project, and the trust that it was made under.
    static let trusts = Migration(
        "0015-trusts",
        [
            .table(
                "trusts",
                """
                id TEXT PRIMARY KEY NOT NULL,
                trustor_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                trustee_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
                impersonation INTEGER NOT NULL CHECK (impersonation IN (0, 1)),
                roles TEXT NOT NULL,
                expires_at INTEGER,
                remaining_uses INTEGER CHECK (remaining_uses >= 0),
                redelegation_count INTEGER NOT NULL CHECK (redelegation_count >= 0),
                redelegated_trust_id TEXT REFERENCES trusts (id) ON DELETE CASCADE,
                extra TEXT NOT NULL,
                CHECK (remaining_uses IS NULL OR redelegation_count = 0)
                """),
            .sql("CREATE INDEX trusts_by_trustor ON trusts (trustor_user_id)"),
            .sql("CREATE INDEX trusts_by_trustee ON trusts (trustee_user_id)"),
            .sql("CREATE INDEX trusts_by_project ON trusts (project_id)"),
            .sql("CREATE INDEX trusts_by_trust ON trusts (redelegated_trust_id)"),
        ])
}
