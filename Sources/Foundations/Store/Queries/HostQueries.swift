package import Model

extension Host: KeyedRecord {
    package static var table: String { "hosts" }
    package static let columns = [
        "id", "hostname", "availability_zone", "is_disabled", "disabled_reason", "is_forced_down", "last_seen_at",
        "inventory", "created_at", "started_at", "agent_description",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), hostname: row.text(), availabilityZone: row.text(), isDisabled: row.bool(),
            disabledReason: row.optionalText(), isForcedDown: row.bool(), lastSeenAt: row.time(), inventory: row.text(),
            createdAt: row.time(), startedAt: row.optionalTime(), agentDescription: row.optionalText())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(hostname), .text(availabilityZone), .bool(isDisabled), .text(disabledReason),
            .bool(isForcedDown), .time(lastSeenAt), .text(inventory), .time(createdAt),
            .time(startedAt), .text(agentDescription),
        ]
    }
}

package enum HostQueries {
    package static func named(_ hostname: String, _ db: any Connection) throws -> Host? {
        try db.first(Host.self, "WHERE hostname = ?1", [.text(hostname)])
    }

    package static func all(_ db: any Connection) throws -> [Host] {
        try db.fetch(Host.self, "ORDER BY hostname")
    }

    package static func seen(_ id: HostID, at now: Timestamp, _ db: any Connection) throws {
        try db.execute("UPDATE hosts SET last_seen_at = ?2 WHERE id = ?1", [.id(id), .time(now)])
    }

    /// Says whether there is such a host.
    package static func describeAgent(_ id: HostID, _ text: String?, _ db: any Connection) throws -> Bool {
        try db.execute("UPDATE hosts SET agent_description = ?2 WHERE id = ?1", [.id(id), .text(text)]) == 1
    }

    /// Puts a document for a server on a host; `sequence` tells the host's agent that it is new.
    package static func putDocument(
        server: ServerID, host: HostID, epoch: Int64, isAbsent: Bool, document: String, _ db: any Connection
    ) throws {
        let sequence = try ChangeFeedQueries.bump(.hosts, db)
        try db.execute(
            """
            INSERT INTO host_documents (server_id, host_id, epoch, sequence, is_absent, document)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (server_id, host_id) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence,
                is_absent = excluded.is_absent, document = excluded.document
            """,
            [.id(server), .id(host), .integer(epoch), .integer(sequence), .bool(isAbsent), .text(document)])
    }

    package static func document(of server: ServerID, on host: HostID, _ db: any Connection) throws -> String? {
        try db.texts(
            "SELECT document FROM host_documents WHERE server_id = ?1 AND host_id = ?2", [.id(server), .id(host)]
        ).first
    }

    /// A host has taken a server away, as a document of that epoch or an older one wanted.
    package static func settleAbsence(
        of server: ServerID, on host: HostID, epoch: Int64, _ db: any Connection
    ) throws {
        try db.execute(
            "DELETE FROM host_documents WHERE server_id = ?1 AND host_id = ?2 AND is_absent = 1 AND epoch <= ?3",
            [.id(server), .id(host), .integer(epoch)])
    }

    package static func documents(
        of host: HostID, after sequence: Int64, limit: Int, _ db: any Connection
    ) throws -> [(sequence: Int64, document: String)] {
        var found: [(sequence: Int64, document: String)] = []
        try db.forEach(
            """
            SELECT sequence, document FROM host_documents WHERE host_id = ?1 AND sequence > ?2
            ORDER BY sequence LIMIT ?3
            """,
            [.id(host), .integer(sequence), .int(limit)]
        ) { found.append(($0.integer(0), $0.text(1))) }
        return found
    }
}
