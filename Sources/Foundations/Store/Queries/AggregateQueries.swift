package import Model

extension Aggregate: KeyedRecord {
    package static var table: String { "aggregates" }
    package static let columns = [
        "id", "uuid", "name", "metadata", "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.int(), uuid: row.id(), name: row.text(), metadata: row.json(), createdAt: row.time(),
            updatedAt: row.optionalTime())
    }

    package var values: [SQLValue] {
        [
            .int(id), .id(uuid), .text(name), .text(metadata.raw), .time(createdAt), .time(updatedAt),
        ]
    }
}

extension AggregateHost: Record {
    package static var table: String { "aggregate_hosts" }
    package static let columns = ["aggregate_id", "host_id"]

    package init(row: inout RowReader) throws {
        self.init(aggregateID: row.int(), hostID: row.id())
    }

    package var values: [SQLValue] { [.int(aggregateID), .id(hostID)] }
}

package enum AggregateQueries {
    /// In order of their numbers.
    package static func all(_ db: any Connection) throws -> [Aggregate] {
        try db.fetch(Aggregate.self, "ORDER BY id")
    }

    package static func named(_ name: String, _ db: any Connection) throws -> Aggregate? {
        try db.first(Aggregate.self, "WHERE name = ?1", [.text(name)])
    }

    /// Those that a host is in.
    package static func of(_ host: HostID, _ db: any Connection) throws -> [Aggregate] {
        try db.fetch(
            Aggregate.self, "WHERE id IN (SELECT aggregate_id FROM aggregate_hosts WHERE host_id = ?1) ORDER BY id",
            [.id(host)])
    }

    /// The hosts of one, in order of name.
    package static func hosts(of aggregate: Int, _ db: any Connection) throws -> [Host] {
        try db.fetch(
            Host.self,
            "WHERE id IN (SELECT host_id FROM aggregate_hosts WHERE aggregate_id = ?1) ORDER BY hostname",
            [.int(aggregate)])
    }

    /// The names of the hosts of each, in order.
    package static func hostnames(_ db: any Connection) throws -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        try db.forEach(
            """
            SELECT a.aggregate_id, h.hostname FROM aggregate_hosts a JOIN hosts h ON h.id = a.host_id
            ORDER BY h.hostname
            """, []
        ) { found[Int($0.integer(0)), default: []].append($0.text(1)) }
        return found
    }

    /// The metadata of the aggregates of each host that is in any.
    package static func metadataByHost(_ db: any Connection) throws -> [HostID: [[String: String]]] {
        let members = try db.fetch(AggregateHost.self, "ORDER BY aggregate_id")
        if members.isEmpty { return [:] }
        let aggregates = try all(db)
        let metadata = try Dictionary(uniqueKeysWithValues: aggregates.map { ($0.id, try $0.metadata.value()) })
        return members.reduce(into: [:]) { $0[$1.hostID, default: []].append(metadata[$1.aggregateID] ?? [:]) }
    }

    /// Says whether it was there.
    package static func remove(_ member: AggregateHost, _ db: any Connection) throws -> Bool {
        try db.execute(
            "DELETE FROM aggregate_hosts WHERE aggregate_id = ?1 AND host_id = ?2",
            [.int(member.aggregateID), .id(member.hostID)]) == 1
    }
}
