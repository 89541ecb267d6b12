package import Model

extension Host: KeyedRecord {
    package static var table: String { "hosts" }
    package static let columns = [
        "id", "hostname", "availability_zone", "is_disabled", "disabled_reason", "is_forced_down", "last_seen_at",
        "inventory", "created_at", "started_at", "agent_description", "troubles",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), hostname: row.text(), availabilityZone: row.text(), isDisabled: row.bool(),
            disabledReason: row.optionalText(), isForcedDown: row.bool(), lastSeenAt: row.time(), inventory: row.text(),
            createdAt: row.time(), startedAt: row.optionalTime(), agentDescription: row.optionalText(),
            troubles: row.json())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(hostname), .text(availabilityZone), .bool(isDisabled), .text(disabledReason),
            .bool(isForcedDown), .time(lastSeenAt), .text(inventory), .time(createdAt),
            .time(startedAt), .text(agentDescription), .text(troubles.raw),
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

    /// `troubles` where the host has looked at itself, JSON.
    package static func seen(
        _ id: HostID, at now: Timestamp, troubles: String? = nil, _ db: any Connection
    ) throws {
        try db.execute(
            "UPDATE hosts SET last_seen_at = ?2, troubles = COALESCE(?3, troubles) WHERE id = ?1",
            [.id(id), .time(now), .text(troubles)])
    }

    /// Says whether there is such a host.
    package static func describeAgent(_ id: HostID, _ text: String?, _ db: any Connection) throws -> Bool {
        try db.execute("UPDATE hosts SET agent_description = ?2 WHERE id = ?1", [.id(id), .text(text)]) == 1
    }
}
