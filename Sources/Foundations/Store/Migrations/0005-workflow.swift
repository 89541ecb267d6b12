extension Migrations {
    static let workflow = Migration(
        "0005-workflow",
        [
            .table(
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
                step INTEGER NOT NULL CHECK (step >= 0),
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
                CHECK ((outcome IS NULL) = (finished_at IS NULL))
                """),
            .sql("CREATE INDEX workflows_due ON workflows (wake_at) WHERE finished_at IS NULL"),
            .sql("CREATE INDEX workflows_by_server ON workflows (server_id, created_at)"),
            .sql("CREATE INDEX workflows_finished ON workflows (finished_at) WHERE finished_at IS NOT NULL"),
        ])
}
