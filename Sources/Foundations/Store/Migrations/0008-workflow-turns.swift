extension Migrations {
    /// The workflows of one server are carried out one after the other.
    static let workflowTurns = Migration(
        "0008-workflow-turns",
        [
            .sql(
                """
                ALTER TABLE workflows ADD COLUMN awaits_turn INTEGER NOT NULL DEFAULT 0
                    CHECK (awaits_turn IN (0, 1))
                """),
            .sql("DROP INDEX workflows_due"),
            .sql("CREATE INDEX workflows_due ON workflows (wake_at) WHERE finished_at IS NULL AND awaits_turn = 0"),
            .sql(
                """
                CREATE UNIQUE INDEX workflows_turn ON workflows (server_id)
                    WHERE finished_at IS NULL AND awaits_turn = 0
                """),
        ])
}
