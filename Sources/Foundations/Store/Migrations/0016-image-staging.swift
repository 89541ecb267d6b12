extension Migrations {
    /// Data that waits to be imported: an image has it while it is queued.
    static let imageStaging = Migration(
        "0016-image-staging",
        [.column("images", "is_staged INTEGER NOT NULL DEFAULT 0 CHECK (is_staged IN (0, 1))")])
}
