package import Model

extension SetAsideServer: KeyedRecord {
    package static var table: String { "set_aside_servers" }
    package static let columns = ["server_id", "since", "image_id"]

    package init(row: inout RowReader) throws {
        self.init(serverID: row.id(), since: row.time(), imageID: row.optionalID())
    }

    package var values: [SQLValue] { [.id(serverID), .time(since), .id(imageID)] }
}

package enum SetAsideServerQueries {
    /// Servers that rest so since then or longer, with nothing under way, oldest first.
    package static func resting(
        in settled: SettledState, since time: Timestamp, limit: Int, _ db: any Connection
    ) throws -> [Server] {
        try db.fetch(
            Server.self,
            """
            WHERE settled = ?1 AND operation IS NULL AND deleted_at IS NULL
                AND id IN (SELECT server_id FROM set_aside_servers WHERE since <= ?2)
            ORDER BY created_at LIMIT ?3
            """, [.raw(settled), .time(time), .int(limit)])
    }
}
