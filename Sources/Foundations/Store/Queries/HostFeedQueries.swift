package import Model

/// Of each host the number of the last change that concerns it; no other host looks when it grows.
package enum HostFeedQueries {
    package static func begin(_ host: HostID, _ db: any Connection) throws {
        try db.execute("INSERT INTO host_feeds (host_id, sequence) VALUES (?1, 0) ON CONFLICT DO NOTHING", [.id(host)])
    }

    /// The number of a change that is about to be written.
    package static func next(of host: HostID, _ db: any Connection) throws -> Int64 {
        try known(
            try db.integer(
                "UPDATE host_feeds SET sequence = sequence + 1 WHERE host_id = ?1 RETURNING sequence", [.id(host)]),
            host)
    }

    /// The next number will be higher than `sequence`.
    package static func raise(_ host: HostID, to sequence: Int64, _ db: any Connection) throws {
        try db.execute(
            "UPDATE host_feeds SET sequence = ?2 WHERE host_id = ?1 AND sequence < ?2",
            [.id(host), .integer(sequence)])
    }

    package static func sequence(of host: HostID, _ db: any Connection) throws -> Int64 {
        try known(try db.integer("SELECT sequence FROM host_feeds WHERE host_id = ?1", [.id(host)]), host)
    }

    private static func known(_ sequence: Int64?, _ host: HostID) throws -> Int64 {
        guard let sequence else {
            throw CloudError(.notFound, "Host \(host) is not known to this cloud; restart its agent to register it.")
        }
        return sequence
    }
}
