package import Model

extension ServerPlacement: Record {
    package static var table: String { "server_placements" }
    package static let columns = [
        "server_id", "host_id", "role", "consumer_id", "epoch", "sequence", "document", "observed_epoch",
        "observed_power", "failure", "moments", "metadata_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            serverID: row.id(), hostID: row.id(), role: try row.raw(), consumerID: row.optionalText(),
            epoch: row.int64(), sequence: row.int64(), document: row.optionalText(), observedEpoch: row.int64(),
            observedPower: try row.raw(), failure: row.optionalText(), moments: row.optionalText(),
            metadataAt: row.optionalTime())
    }

    package var values: [SQLValue] {
        [
            .id(serverID), .id(hostID), .raw(role), .text(consumerID), .integer(epoch), .integer(sequence),
            .text(document), .integer(observedEpoch), .raw(observedPower), .text(failure), .text(moments),
            .time(metadataAt),
        ]
    }
}

package enum ServerPlacementQueries {
    package static func current(of server: ServerID, _ db: any Connection) throws -> ServerPlacement? {
        try db.first(ServerPlacement.self, "WHERE server_id = ?1 AND role = 'current'", [.id(server)])
    }

    /// What its host has said where the server is.
    package static func observed(of server: ServerID, _ db: any Connection) throws -> ServerPlacement.Observed? {
        try observed(observedWhereItIs, [.id(server)], db)
    }

    /// What one host has said of the server.
    package static func observed(
        _ server: ServerID, on host: HostID, _ db: any Connection
    ) throws -> ServerPlacement.Observed? {
        try observed(observedOnHost, [.id(server), .id(host)], db)
    }

    private static let observedWhereItIs = """
        SELECT host_id, role, epoch, CASE WHEN document IS NULL THEN 0 ELSE 1 END, observed_epoch, observed_power,
            failure
        FROM server_placements WHERE server_id = ?1 AND role = 'current'
        """
    private static let observedOnHost = """
        SELECT host_id, role, epoch, CASE WHEN document IS NULL THEN 0 ELSE 1 END, observed_epoch, observed_power,
            failure
        FROM server_placements WHERE server_id = ?1 AND host_id = ?2
        """

    private static func observed(
        _ sql: String, _ arguments: [SQLValue], _ db: any Connection
    ) throws -> ServerPlacement.Observed? {
        var found: ServerPlacement.Observed?
        try db.forEach(sql, arguments) { row in
            var row = RowReader(row)
            found = ServerPlacement.Observed(
                hostID: row.id(), role: try row.raw(), epoch: row.int64(), hasDocument: row.bool(),
                observedEpoch: row.int64(), power: try row.raw(), failure: row.optionalText())
        }
        return found
    }

    package static func all(of server: ServerID, _ db: any Connection) throws -> [ServerPlacement] {
        try db.fetch(ServerPlacement.self, "WHERE server_id = ?1 ORDER BY host_id", [.id(server)])
    }

    package static func find(
        _ server: ServerID, on host: HostID, _ db: any Connection
    ) throws -> ServerPlacement? {
        try db.first(ServerPlacement.self, "WHERE server_id = ?1 AND host_id = ?2", [.id(server), .id(host)])
    }

    /// A host has been claimed for a server. It may still owe the removal of what the server left there before.
    package static func begin(
        _ server: ServerID, on host: HostID, as role: ServerPlacement.Role, claimedBy consumer: String,
        _ db: any Connection
    ) throws {
        try db.execute(
            """
            INSERT INTO server_placements (server_id, host_id, role, consumer_id, epoch, sequence, observed_epoch,
                observed_power)
            VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 'unknown')
            ON CONFLICT (server_id, host_id) DO UPDATE SET role = excluded.role, consumer_id = excluded.consumer_id
            """,
            [.id(server), .id(host), .raw(role), .text(consumer)])
    }

    /// The same with the document that the host is to have at once.
    package static func begin(
        _ server: ServerID, on host: HostID, as role: ServerPlacement.Role, claimedBy consumer: String,
        _ document: String, epoch: Int64, _ db: any Connection
    ) throws {
        try db.execute(
            """
            INSERT INTO server_placements (server_id, host_id, role, consumer_id, epoch, sequence, document,
                observed_epoch, observed_power)
            VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, 0, 'unknown')
            ON CONFLICT (server_id, host_id) DO UPDATE SET role = excluded.role, consumer_id = excluded.consumer_id,
                epoch = excluded.epoch, sequence = excluded.sequence, document = excluded.document, failure = NULL
            """,
            [.id(server), .id(host), .raw(role), .text(consumer), .integer(epoch), .text(document)])
    }

    /// Puts a document there. What was observed before answers it only if the host says so again.
    package static func put(
        _ document: String, epoch: Int64, as role: ServerPlacement.Role, for server: ServerID, on host: HostID,
        _ db: any Connection
    ) throws {
        try db.execute(
            """
            UPDATE server_placements SET role = ?3, epoch = ?4, sequence = ?4, document = ?5, failure = NULL
            WHERE server_id = ?1 AND host_id = ?2
            """,
            [.id(server), .id(host), .raw(role), .integer(epoch), .text(document)])
    }

    /// What a host saw; a failure stays until the next document, and moments until the next start.
    ///
    /// - Parameter moments: `StartMoments`, JSON, with when that start began.
    package static func observe(
        _ power: GuestPower, epoch: Int64, failure: String?, moments: (text: String, begun: Timestamp)? = nil,
        of server: ServerID, on host: HostID, _ db: any Connection
    ) throws {
        try db.execute(
            """
            UPDATE server_placements SET observed_epoch = ?3, observed_power = ?4, failure = COALESCE(?5, failure),
                moments = COALESCE(?6, moments), metadata_at = CASE WHEN metadata_at < ?7 THEN NULL ELSE metadata_at END
            WHERE server_id = ?1 AND host_id = ?2
            """,
            [
                .id(server), .id(host), .integer(epoch), .raw(power), .text(failure), .text(moments?.text),
                .time(moments?.begun ?? Timestamp(microseconds: 0)),
            ])
    }

    /// The guest has asked for its metadata, the first time since its start.
    package static func noteMetadata(of server: ServerID, at now: Timestamp, _ db: any Connection) throws {
        try db.execute(
            """
            UPDATE server_placements SET metadata_at = ?2
            WHERE server_id = ?1 AND role = 'current' AND metadata_at IS NULL
            """, [.id(server), .time(now)])
    }

    package static func setRole(
        _ role: ServerPlacement.Role, of server: ServerID, on host: HostID, _ db: any Connection
    ) throws {
        try db.execute(
            "UPDATE server_placements SET role = ?3 WHERE server_id = ?1 AND host_id = ?2",
            [.id(server), .id(host), .raw(role)])
    }

    /// What its claim holds.
    package static func allocations(_ placement: ServerPlacement, _ db: any Connection) throws -> [Allocation] {
        guard let consumer = placement.consumerID else { return [] }
        return try PlacementQueries.allocations(of: consumer, on: ResourceProviderID(placement.hostID.text), db)
    }

    /// Gives back the claim of one placement; those of others stay. Returns what it held.
    @discardableResult
    package static func giveBack(_ placement: ServerPlacement, _ db: any Connection) throws -> [Allocation] {
        guard let consumer = placement.consumerID else { return [] }
        let held = try PlacementQueries.release(consumer, on: ResourceProviderID(placement.hostID.text), db)
        try db.execute(
            "UPDATE server_placements SET consumer_id = NULL WHERE server_id = ?1 AND host_id = ?2",
            [.id(placement.serverID), .id(placement.hostID)])
        try forgetSettled(placement.serverID, db)
        return held
    }

    /// A placement ends when its claim is given back and nothing is left on the host.
    package static func forgetSettled(_ server: ServerID, _ db: any Connection) throws {
        try db.execute(
            """
            DELETE FROM server_placements WHERE server_id = ?1 AND consumer_id IS NULL AND (document IS NULL
                OR (role = 'leaving' AND observed_power = 'absent' AND observed_epoch >= epoch))
            """,
            [.id(server)])
    }

    /// Whether a host has a server, or owes the removal of one.
    package static func isAny(on host: HostID, _ db: any Connection) throws -> Bool {
        try db.integer("SELECT 1 FROM server_placements WHERE host_id = ?1 LIMIT 1", [.id(host)]) != nil
    }

    /// Whether a server on a host is made of an image, or has a disk of it.
    package static func needs(_ image: ImageID, on host: HostID, _ db: any Connection) throws -> Bool {
        try db.integer(
            """
            SELECT 1 FROM servers s JOIN server_placements p ON p.server_id = s.id
            WHERE p.host_id = ?1 AND p.role <> 'leaving' AND (s.image_id = ?2 OR p.document LIKE ?3) LIMIT 1
            """, [.id(host), .id(image), .text("%\"\(image)\"%")]) != nil
    }

    /// The documents of a host after a number in its feed, in that order.
    package static func documents(
        on host: HostID, after sequence: Int64, limit: Int, _ db: any Connection
    ) throws -> [(sequence: Int64, document: String)] {
        var found: [(sequence: Int64, document: String)] = []
        try db.forEach(
            """
            SELECT sequence, document FROM server_placements
            WHERE host_id = ?1 AND sequence > ?2 AND document IS NOT NULL ORDER BY sequence LIMIT ?3
            """,
            [.id(host), .integer(sequence), .int(limit)]
        ) { found.append(($0.integer(0), $0.text(1))) }
        return found
    }
}
