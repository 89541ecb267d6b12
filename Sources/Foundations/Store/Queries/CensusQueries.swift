package import Model

/// How much there is of what operators watch.
package enum CensusQueries {
    /// By `settled`, without deleted servers.
    package static func servers(_ db: any Connection) throws -> [(settled: String, count: Int)] {
        var found: [(settled: String, count: Int)] = []
        try db.forEach(
            "SELECT settled, count(*) FROM servers WHERE deleted_at IS NULL GROUP BY settled ORDER BY settled", []
        ) { found.append(($0.text(0), Int($0.integer(1)))) }
        return found
    }

    package static func unfinishedWorkflows(
        _ db: any Connection
    ) throws -> [(kind: String, count: Int, oldest: Timestamp)] {
        var found: [(kind: String, count: Int, oldest: Timestamp)] = []
        try db.forEach(
            """
            SELECT kind, count(*), min(created_at) FROM workflows WHERE finished_at IS NULL
            GROUP BY kind ORDER BY kind
            """, []
        ) { found.append(($0.text(0), Int($0.integer(1)), Timestamp(microseconds: $0.integer(2)))) }
        return found
    }
}
