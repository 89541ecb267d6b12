package import Model

extension ServerMigration: KeyedRecord {
    package static var table: String { "server_migrations" }
    package static let columns = [
        "uuid", "id", "server_id", "kind", "status", "source_host_id", "target_host_id", "old_flavor_id", "old_flavor",
        "new_flavor_id", "new_flavor", "settled", "machine", "user_id", "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            uuid: row.id(), id: row.int(), serverID: row.id(), kind: try row.raw(), status: try row.raw(),
            sourceHostID: row.id(), targetHostID: row.id(), oldFlavorID: row.id(), oldFlavor: row.json(),
            newFlavorID: row.id(), newFlavor: row.json(), settled: try row.raw(),
            machine: row.optionalInt(), userID: row.id(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(uuid), .int(id), .id(serverID), .raw(kind), .raw(status), .id(sourceHostID), .id(targetHostID),
            .id(oldFlavorID), .text(oldFlavor.raw), .id(newFlavorID), .text(newFlavor.raw), .raw(settled),
            .int(machine),
            .id(userID),
            .time(createdAt), .time(updatedAt),
        ]
    }
}

package enum MigrationQueries {
    /// The number of a migration that is about to be written. Of two that ask at once on two processes one fails with a
    /// unique violation.
    package static func nextID(_ db: any Connection) throws -> Int {
        Int(try db.integer("SELECT COALESCE(max(id), 0) + 1 FROM server_migrations") ?? 1)
    }

    /// The one that is under way, or waits for a decision.
    package static func open(of server: ServerID, _ db: any Connection) throws -> ServerMigration? {
        try db.first(
            ServerMigration.self,
            "WHERE server_id = ?1 AND status IN ('migrating', 'finished', 'confirming', 'reverting')", [.id(server)])
    }

    /// What a list asks for; what is `nil` tells none apart.
    package struct Wish: Sendable {
        var server: ServerID?
        var status: String?
        var kind: String?
        var host: HostID?
        var source: HostID?
        var since: Timestamp?
        var before: Timestamp?
        var user: UserID?
        var project: ProjectID?
        /// The number of the last one that was told.
        var after: Int?
        var limit: Int

        package init(
            server: ServerID?, status: String?, kind: String?, host: HostID?, source: HostID?, since: Timestamp?,
            before: Timestamp?, user: UserID?, project: ProjectID?, after: Int?, limit: Int
        ) {
            self.server = server
            self.status = status
            self.kind = kind
            self.host = host
            self.source = source
            self.since = since
            self.before = before
            self.user = user
            self.project = project
            self.after = after
            self.limit = limit
        }
    }

    /// Newest first.
    package static func list(_ wish: Wish, _ db: any Connection) throws -> [ServerMigration] {
        try db.fetch(
            ServerMigration.self,
            """
            WHERE (?1 = '' OR server_id = ?1) AND (?2 = '' OR status = ?2) AND (?3 = '' OR kind = ?3)
                AND (?4 = '' OR source_host_id = ?4 OR target_host_id = ?4) AND (?5 = '' OR source_host_id = ?5)
                AND updated_at >= ?6 AND updated_at <= ?7 AND (?8 = '' OR user_id = ?8)
                AND (?9 = '' OR server_id IN (SELECT id FROM servers WHERE project_id = ?9)) AND id < ?10
            ORDER BY id DESC LIMIT ?11
            """,
            [
                .text(wish.server?.text ?? ""), .text(wish.status ?? ""), .text(wish.kind ?? ""),
                .text(wish.host?.text ?? ""), .text(wish.source?.text ?? ""),
                .time(wish.since ?? Timestamp(microseconds: 0)),
                .time(wish.before ?? Timestamp(microseconds: .max)), .text(wish.user?.text ?? ""),
                .text(wish.project?.text ?? ""), .int(wish.after ?? Int.max), .int(wish.limit),
            ])
    }

    /// Of servers that have migrations.
    package static func projects(_ db: any Connection) throws -> [ServerID: ProjectID] {
        var found: [ServerID: ProjectID] = [:]
        try db.forEach(
            "SELECT DISTINCT s.id, s.project_id FROM servers s JOIN server_migrations m ON m.server_id = s.id", []
        ) { found[ServerID($0.text(0))] = ProjectID($0.text(1)) }
        return found
    }

    /// Resizes that nobody has decided since, oldest first.
    package static func undecided(
        since time: Timestamp, limit: Int, _ db: any Connection
    ) throws -> [ServerMigration] {
        try db.fetch(
            ServerMigration.self,
            "WHERE status = 'finished' AND updated_at <= ?1 ORDER BY updated_at LIMIT ?2", [.time(time), .int(limit)])
    }

    package static func setStatus(
        _ status: ServerMigration.Status, of uuid: MigrationID, now: Timestamp, _ db: any Connection
    ) throws {
        try db.execute(
            "UPDATE server_migrations SET status = ?2, updated_at = ?3 WHERE uuid = ?1",
            [.id(uuid), .raw(status), .time(now)])
    }
}
