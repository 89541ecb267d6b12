package import Model

extension Host: KeyedRecord {
    package static var table: String { "hosts" }
    package static let columns = [
        "id", "hostname", "availability_zone", "is_disabled", "disabled_reason", "is_forced_down", "last_seen_at",
        "inventory", "created_at", "started_at", "agent_description", "troubles", "number",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), hostname: row.text(), availabilityZone: row.text(), isDisabled: row.bool(),
            disabledReason: row.optionalText(), isForcedDown: row.bool(), lastSeenAt: row.time(), inventory: row.text(),
            createdAt: row.time(), startedAt: row.optionalTime(), agentDescription: row.optionalText(),
            troubles: row.json(), number: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(hostname), .text(availabilityZone), .bool(isDisabled), .text(disabledReason),
            .bool(isForcedDown), .time(lastSeenAt), .text(inventory), .time(createdAt),
            .time(startedAt), .text(agentDescription), .text(troubles.raw), .int(number),
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

    /// How many servers are on hosts, those included that are about to be built there. What could not be built there is
    /// not.
    package static func serverCount(on hosts: [HostID], _ db: any Connection) throws -> Int {
        try hosts.reduce(0) { count, host in
            let found = try db.integer(
                "SELECT count(*) FROM server_placements WHERE host_id = ?1 AND role <> 'leaving'", [.id(host)])
            return count + Int(found ?? 0)
        }
    }

    /// Takes a host away with all that it still owed. No server may be on it.
    package static func forget(_ id: HostID, _ db: any Connection) throws {
        for placement in try db.fetch(ServerPlacement.self, "WHERE host_id = ?1", [.id(id)]) {
            try ServerPlacementQueries.giveBack(placement, db)
        }
        for statement in [
            "DELETE FROM server_placements WHERE host_id = ?1", "DELETE FROM host_commands WHERE host_id = ?1",
            "DELETE FROM aggregate_hosts WHERE host_id = ?1",
            "UPDATE servers SET host_id = NULL WHERE host_id = ?1",
            "DELETE FROM resource_providers WHERE id = ?1", "DELETE FROM hosts WHERE id = ?1",
        ] {
            try db.execute(statement, [.id(id)])
        }
    }

    package static func setZone(_ zone: String, of host: HostID, _ db: any Connection) throws {
        try db.execute("UPDATE hosts SET availability_zone = ?2 WHERE id = ?1", [.id(host), .text(zone)])
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
