extension Migrations {
    /// When the agent of a host came up, and what an administrator says of it.
    static let agents = Migration(
        "0014-agents",
        [
            .column("hosts", "started_at INTEGER"),
            .column("hosts", "agent_description TEXT"),
        ])
}
