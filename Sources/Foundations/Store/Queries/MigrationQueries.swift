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
