package import Model

extension ConsoleToken: KeyedRecord {
    package static var table: String { "console_tokens" }
    package static let columns = ["hash", "server_id", "host_id", "kind", "expires_at"]

    package init(row: inout RowReader) throws {
        self.init(
            hash: row.text(), serverID: row.id(), hostID: row.id(), kind: try row.raw(), expiresAt: row.time())
    }

    package var values: [SQLValue] { [.text(hash), .id(serverID), .id(hostID), .raw(kind), .time(expiresAt)] }
}

package enum ConsoleTokenQueries {
    /// One that has not ended, of a server that is still where it was.
    package static func valid(_ hash: String, now: Timestamp, _ db: any Connection) throws -> ConsoleToken? {
        try db.first(
            ConsoleToken.self,
            """
            JOIN servers ON servers.id = console_tokens.server_id AND servers.host_id = console_tokens.host_id
            WHERE console_tokens.hash = ?1 AND console_tokens.expires_at > ?2 AND servers.deleted_at IS NULL
            """, [.text(hash), .time(now)])
    }

    package static func end(of server: ServerID, _ db: any Connection) throws {
        try db.execute("DELETE FROM console_tokens WHERE server_id = ?1", [.id(server)])
    }

    /// Takes away those that have ended; returns how many went.
    package static func purge(endedBy now: Timestamp, limit: Int, _ db: any Connection) throws -> Int {
        try db.execute(
            """
            DELETE FROM console_tokens WHERE hash IN (
                SELECT hash FROM console_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """,
            [.time(now), .int(limit)])
    }
}
