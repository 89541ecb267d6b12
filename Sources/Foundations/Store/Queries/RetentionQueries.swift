package import Model

/// Taking away what nobody will ask for again. Each call takes a bounded piece, so that no transaction is long.
package enum RetentionQueries {
    /// Deleted servers with all that is kept of them: those deleted before `cutoff`, and the oldest beyond `count`.
    /// Returns how many went.
    package static func purgeServers(
        deletedBefore cutoff: Timestamp, beyond count: Int, limit: Int, _ db: any Connection
    ) throws -> Int {
        let oldest = try db.integer(
            """
            SELECT deleted_at FROM servers WHERE deleted_at IS NOT NULL ORDER BY deleted_at DESC LIMIT 1 OFFSET ?1
            """,
            [.int(count)])
        let bound = max(cutoff.microseconds - 1, oldest ?? .min)
        let doomed = try db.texts(
            "SELECT id FROM servers WHERE deleted_at <= ?1 ORDER BY deleted_at LIMIT ?2",
            [.integer(bound), .int(limit)])
        for id in doomed {
            try db.execute("DELETE FROM workflows WHERE server_id = ?1 AND finished_at IS NOT NULL", [.text(id)])
            try db.execute("DELETE FROM host_commands WHERE server_id = ?1", [.text(id)])
            try db.execute("DELETE FROM servers WHERE id = ?1", [.text(id)])
        }
        return doomed.count
    }

    /// Operations that ended before `cutoff`, and the oldest beyond `count`; returns how many went.
    package static func purgeWorkflows(
        finishedBefore cutoff: Timestamp, beyond count: Int, limit: Int, _ db: any Connection
    ) throws -> Int {
        let oldest = try db.integer(
            """
            SELECT finished_at FROM workflows WHERE finished_at IS NOT NULL
            ORDER BY finished_at DESC LIMIT 1 OFFSET ?1
            """,
            [.int(count)])
        let bound = max(cutoff.microseconds - 1, oldest ?? .min)
        return try db.execute(
            """
            DELETE FROM workflows WHERE id IN (
                SELECT id FROM workflows WHERE finished_at <= ?1 ORDER BY finished_at LIMIT ?2)
            """,
            [.integer(bound), .int(limit)])
    }

    /// Commands of hosts that ended before `cutoff`; returns how many went.
    package static func purgeCommands(endedBefore cutoff: Timestamp, limit: Int, _ db: any Connection) throws -> Int {
        try db.execute(
            """
            DELETE FROM host_commands WHERE id IN (
                SELECT id FROM host_commands WHERE updated_at < ?1 AND state IN ('done', 'failed')
                ORDER BY updated_at LIMIT ?2)
            """,
            [.time(cutoff), .int(limit)])
    }
}
