extension Migrations {
    /// What a host says does not work on it.
    static let hostTroubles = Migration(
        "0020-host-troubles", [.column("hosts", "troubles TEXT NOT NULL DEFAULT '{}'")])
}
