extension Migrations {
    /// Files that guests are given, and certificates that may have signed their images.
    static let serverFiles = Migration(
        "0030-server-files",
        [
            .column("server_requests", "files TEXT NOT NULL DEFAULT '[]'"),
            .column("servers", "trusted_certificates TEXT"),
        ])
}
