extension Migrations {
    /// How far the operation under way on a server is.
    static let serverProgress = Migration("0024-server-progress", [.column("servers", "progress INTEGER")])
}
