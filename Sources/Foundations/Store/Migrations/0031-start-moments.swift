extension Migrations {
    /// When what the newest start of a guest needs was there.
    static let startMoments = Migration(
        "0031-start-moments",
        [
            .column("server_placements", "moments TEXT"),
            .column("server_placements", "metadata_at INTEGER"),
        ])
}
