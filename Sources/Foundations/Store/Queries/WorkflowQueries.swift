package import Model

extension WorkflowRecord: KeyedRecord {
    package static var table: String { "workflows" }
    package static let columns = [
        "id", "kind", "server_id", "action", "project_id", "user_id", "request_id", "input", "outputs", "step",
        "direction", "attempt", "lease_epoch", "lease_until", "wake_at", "deadline", "signals", "failure", "outcome",
        "created_at", "updated_at", "finished_at", "awaits_turn",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), kind: row.text(), serverID: row.optionalID(), action: row.text(), projectID: row.id(),
            userID: row.id(), requestID: row.text(), input: row.text(), outputs: row.json(), step: row.text(),
            direction: try row.raw(), attempt: row.int(), leaseEpoch: row.int64(), leaseUntil: row.time(),
            wakeAt: row.time(), deadline: row.time(), signals: row.int(), failure: row.optionalText(),
            outcome: try row.optionalRaw(), createdAt: row.time(), updatedAt: row.time(),
            finishedAt: row.optionalTime(), awaitsTurn: row.bool())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(kind), .id(serverID), .text(action), .id(projectID), .id(userID), .text(requestID),
            .text(input), .text(outputs.raw), .text(step), .raw(direction), .int(attempt), .integer(leaseEpoch),
            .time(leaseUntil), .time(wakeAt), .time(deadline), .int(signals), .text(failure), .raw(outcome),
            .time(createdAt), .time(updatedAt), .time(finishedAt), .bool(awaitsTurn),
        ]
    }
}

package enum WorkflowQueries {
    /// Rows of these kinds that nobody holds and whose turn and time have come, oldest first.
    package static func due(
        _ kinds: [String], at now: Timestamp, limit: Int, _ db: any Connection
    ) throws -> [WorkflowRecord] {
        try db.fetch(
            WorkflowRecord.self,
            """
            WHERE finished_at IS NULL AND awaits_turn = 0 AND wake_at <= ?1 AND lease_until <= ?1
            AND \(among(kinds, from: 3)) ORDER BY wake_at LIMIT ?2
            """,
            [.time(now), .int(limit)] + kinds.map { .text($0) })
    }

    /// When the next row of these kinds whose turn it is wants to be looked at; never before its lease has ended.
    package static func nextWake(_ kinds: [String], _ db: any Connection) throws -> Timestamp? {
        try db.integer(
            """
            SELECT min(CASE WHEN wake_at > lease_until THEN wake_at ELSE lease_until END)
            FROM workflows WHERE finished_at IS NULL AND awaits_turn = 0 AND \(among(kinds, from: 1))
            """, kinds.map { .text($0) }
        ).map { Timestamp(microseconds: $0) }
    }

    private static func among(_ kinds: [String], from first: Int) -> String {
        kinds.isEmpty ? "1 = 0" : "kind IN (\(kinds.indices.map { "?\(first + $0)" }.joined(separator: ", ")))"
    }

    /// Takes the row for this runner; `false` when another was quicker.
    package static func lease(_ record: WorkflowRecord, until: Timestamp, _ db: any Connection) throws -> Bool {
        try db.execute(
            """
            UPDATE workflows SET lease_epoch = lease_epoch + 1, lease_until = ?3
            WHERE id = ?1 AND lease_epoch = ?2 AND finished_at IS NULL
            """,
            [.id(record.id), .integer(record.leaseEpoch), .time(until)]) == 1
    }

    /// Writes the row if this runner still holds it. A signal that came since `record` was read ends a nap at once.
    ///
    /// - Parameter takingOver: takes the row from whoever has leased it.
    package static func commit(
        _ record: WorkflowRecord, now: Timestamp, takingOver: Bool = false, _ db: any Connection
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE workflows SET outputs = ?3, step = ?4, direction = ?5, attempt = ?6, lease_until = ?7,
                wake_at = CASE WHEN signals = ?8 THEN ?9 ELSE ?10 END,
                failure = ?11, outcome = ?12, updated_at = ?10, finished_at = ?13, deadline = ?14,
                lease_epoch = lease_epoch + ?15
            WHERE id = ?1 AND lease_epoch = ?2 AND finished_at IS NULL
            """,
            [
                .id(record.id), .integer(record.leaseEpoch), .text(record.outputs.raw), .text(record.step),
                .raw(record.direction), .int(record.attempt), .time(record.leaseUntil), .int(record.signals),
                .time(record.wakeAt), .time(now), .text(record.failure), .raw(record.outcome),
                .time(record.finishedAt), .time(record.deadline), .int(takingOver ? 1 : 0),
            ]) == 1
    }

    /// Keeps a row under the lease that it has; `false` when it has another one or none.
    package static func renew(
        _ id: WorkflowID, epoch: Int64, until: Timestamp, _ db: any Connection
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE workflows SET lease_until = ?3
            WHERE id = ?1 AND lease_epoch = ?2 AND lease_until > 0 AND finished_at IS NULL
            """,
            [.id(id), .integer(epoch), .time(until)]) == 1
    }

    /// Says that something a workflow may wait for has happened.
    package static func signal(_ id: WorkflowID, now: Timestamp, _ db: any Connection) throws {
        try db.execute(
            "UPDATE workflows SET signals = signals + 1, wake_at = ?2 WHERE id = ?1 AND finished_at IS NULL",
            [.id(id), .time(now)])
    }

    /// The workflow of a server whose turn it is.
    package static func underWay(on server: ServerID, _ db: any Connection) throws -> WorkflowID? {
        try db.texts(
            "SELECT id FROM workflows WHERE server_id = ?1 AND finished_at IS NULL AND awaits_turn = 0", [.id(server)]
        ).first.map { WorkflowID($0) }
    }

    /// The same with its whole row.
    package static func recordUnderWay(on server: ServerID, _ db: any Connection) throws -> WorkflowRecord? {
        try db.fetch(
            WorkflowRecord.self, "WHERE server_id = ?1 AND finished_at IS NULL AND awaits_turn = 0", [.id(server)]
        ).first
    }

    /// A server's workflows of these kinds that have not ended.
    package static func open(
        _ kinds: [String], on server: ServerID, _ db: any Connection
    ) throws -> [WorkflowRecord] {
        try db.fetch(
            WorkflowRecord.self, "WHERE server_id = ?1 AND finished_at IS NULL AND \(among(kinds, from: 2))",
            [.id(server)] + kinds.map { .text($0) })
    }

    /// The turn of a server's workflow that has ended goes to the next; says whether there is one.
    package static func passTurn(
        after record: WorkflowRecord, now: Timestamp, _ db: any Connection
    ) throws -> Bool {
        guard record.finishedAt != nil, let server = record.serverID else { return false }
        return try passTurn(on: server, now: now, db)
    }

    /// One of a server's workflows has ended: the next begins, and its time counts from now. Says whether there is one.
    package static func passTurn(on server: ServerID, now: Timestamp, _ db: any Connection) throws -> Bool {
        try db.execute(
            """
            UPDATE workflows SET awaits_turn = 0, wake_at = ?2, deadline = deadline - created_at + ?2
            WHERE id = (
                SELECT id FROM workflows WHERE server_id = ?1 AND finished_at IS NULL AND awaits_turn = 1
                ORDER BY created_at, id LIMIT 1)
            """,
            [.id(server), .time(now)]) == 1
    }

    /// Ends whatever is under way on a server or waits there for its turn, so that another workflow takes over. A step
    /// that runs now finds at its commit that it has lost the lease; until then `lease_until` tells that its effects
    /// may still appear.
    package static func endAll(of server: ServerID, because why: String, now: Timestamp, _ db: any Connection) throws {
        try end("server_id = ?1", [.id(server), .text(why), .time(now)], db)
    }

    /// Ends one workflow, so that another takes over from it; see `endAll`.
    package static func end(_ id: WorkflowID, because why: String, now: Timestamp, _ db: any Connection) throws {
        try end("id = ?1", [.id(id), .text(why), .time(now)], db)
    }

    private static func end(_ which: String, _ arguments: [SQLValue], _ db: any Connection) throws {
        try db.execute(
            """
            UPDATE workflows SET lease_epoch = lease_epoch + 1, failure = ?2, outcome = 'Error', updated_at = ?3,
                finished_at = ?3
            WHERE \(which) AND finished_at IS NULL
            """, arguments)
    }

    /// Where no other runner lives: what they had leased is free, and each row is due at once.
    package static func releaseAll(now: Timestamp, _ db: any Connection) throws {
        try db.execute("UPDATE workflows SET lease_until = 0 WHERE lease_until > ?1", [.time(now)])
        try db.execute(
            "UPDATE workflows SET wake_at = ?1 WHERE finished_at IS NULL AND wake_at > ?1", [.time(now)])
    }

    /// A runner that lost its lease says that its step has ended.
    package static func releaseEnded(_ id: WorkflowID, _ db: any Connection) throws {
        try db.execute(
            "UPDATE workflows SET lease_until = 0 WHERE id = ?1 AND finished_at IS NOT NULL", [.id(id)])
    }

    /// Whether a step of a workflow of the server that was ended may still be running.
    package static func lingeringLease(of server: ServerID, at now: Timestamp, _ db: any Connection) throws -> Bool {
        try db.integer(
            """
            SELECT count(*) FROM workflows
            WHERE server_id = ?1 AND finished_at IS NOT NULL AND outcome = 'Error' AND lease_until > ?2
            """,
            [.id(server), .time(now)]) ?? 0 > 0
    }

    /// What is under way, oldest first.
    package static func unfinished(_ db: any Connection) throws -> [WorkflowRecord] {
        try db.fetch(WorkflowRecord.self, "WHERE finished_at IS NULL ORDER BY created_at, id")
    }

    package static func ofServer(_ server: ServerID, _ db: any Connection) throws -> [WorkflowRecord] {
        try db.fetch(WorkflowRecord.self, "WHERE server_id = ?1 ORDER BY created_at DESC, id DESC", [.id(server)])
    }
}
