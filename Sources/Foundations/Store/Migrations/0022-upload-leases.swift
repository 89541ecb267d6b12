extension Migrations {
    /// Which upload an image's data is of, and until when an upload that is under way holds the image.
    static let uploadLeases = Migration(
        "0022-upload-leases",
        [.column("images", "upload TEXT"), .column("images", "upload_until INTEGER NOT NULL DEFAULT 0")])
}
