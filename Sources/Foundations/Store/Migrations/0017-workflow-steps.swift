extension Migrations {
    /// A workflow's next step by name, so that a release may put another one before it.
    static let workflowSteps = Migration(
        "0017-workflow-steps",
        [
            .rebuild(
                "workflows",
                """
                id TEXT PRIMARY KEY NOT NULL,
                kind TEXT NOT NULL,
                server_id TEXT,
                action TEXT NOT NULL,
                project_id TEXT NOT NULL,
                user_id TEXT NOT NULL,
                request_id TEXT NOT NULL,
                input TEXT NOT NULL,
                outputs TEXT NOT NULL,
                step TEXT NOT NULL,
                direction TEXT NOT NULL CHECK (direction IN ('forward', 'unwinding')),
                attempt INTEGER NOT NULL CHECK (attempt >= 0),
                lease_epoch INTEGER NOT NULL,
                lease_until INTEGER NOT NULL,
                wake_at INTEGER NOT NULL,
                deadline INTEGER NOT NULL,
                signals INTEGER NOT NULL CHECK (signals >= 0),
                failure TEXT,
                outcome TEXT CHECK (outcome IN ('Success', 'Error')),
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                finished_at INTEGER,
                awaits_turn INTEGER NOT NULL DEFAULT 0 CHECK (awaits_turn IN (0, 1)),
                CHECK ((outcome IS NULL) = (finished_at IS NULL))
                """,
                from: [
                    // A kind of two steps has no third: its rows that stand there have ended.
                    "step": """
                    CASE kind || ' ' || CAST(step AS TEXT)
                        WHEN 'build-server 1' THEN 'guest'
                        WHEN 'start-server 1' THEN 'guest'
                        WHEN 'stop-server 1' THEN 'guest'
                        WHEN 'reboot-server 1' THEN 'guest'
                        WHEN 'delete-server 1' THEN 'withdraw'
                        WHEN 'delete-server 2' THEN 'absent'
                        WHEN 'delete-server 3' THEN 'ports'
                        WHEN 'attach-interface 1' THEN 'document'
                        WHEN 'attach-interface 2' THEN 'guest'
                        WHEN 'detach-interface 1' THEN 'document'
                        WHEN 'detach-interface 2' THEN 'guest'
                        WHEN 'detach-interface 3' THEN 'port'
                        ELSE '' END
                    """
                ])
        ])
}
