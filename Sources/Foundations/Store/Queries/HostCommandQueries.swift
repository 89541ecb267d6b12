package import Model

extension HostCommand: KeyedRecord {
    package static var table: String { "host_commands" }
    package static let columns = [
        "id", "host_id", "server_id", "action", "arguments", "state", "progress", "result", "failure", "sequence",
        "request_id", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), hostID: row.id(), serverID: row.id(), action: try row.raw(), arguments: row.json(),
            state: try row.raw(), progress: row.int(), result: row.optionalText().map { JSONText(raw: $0) },
            failure: row.optionalText(), sequence: row.int64(), requestID: row.optionalText(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(hostID), .id(serverID), .raw(action), .text(arguments.raw), .raw(state), .int(progress),
            .text(result?.raw), .text(failure), .integer(sequence), .text(requestID), .time(updatedAt),
        ]
    }
}

package enum HostCommandQueries {
    /// What a host has not answered, changed after a number in its feed.
    package static func open(
        on host: HostID, after sequence: Int64, _ db: any Connection
    ) throws -> [HostCommand] {
        try db.fetch(
            HostCommand.self,
            """
            WHERE host_id = ?1 AND sequence > ?2 AND state IN ('waiting', 'running', 'cancelling') ORDER BY sequence
            """, [.id(host), .integer(sequence)])
    }

    /// Nobody waits for the commands of a server any more: those that no host has begun have failed, and a host that is
    /// at one is told.
    package static func cancelAll(
        of server: ServerID, failure: String, now: Timestamp, _ db: any Connection
    ) throws {
        try db.execute(
            """
            UPDATE host_commands SET state = 'failed', failure = ?2, updated_at = ?3, arguments = '{}'
            WHERE server_id = ?1 AND state = 'waiting'
            """,
            [.id(server), .text(failure), .time(now)])
        let begun = try db.fetch(HostCommand.self, "WHERE server_id = ?1 AND state = 'running'", [.id(server)])
        for var command in begun {
            command.state = .cancelling
            command.sequence = try HostFeedQueries.next(of: command.hostID, db)
            command.updatedAt = now
            try db.update(command)
        }
    }
}
