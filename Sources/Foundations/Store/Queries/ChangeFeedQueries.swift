/// Counters that tell other processes, and other parts of this one, that something has changed.
package enum ChangeFeedQueries {
    package enum Topic: String, Sendable { case identity, network }

    /// Counts a change; returns the new number.
    @discardableResult
    package static func bump(_ topic: Topic, _ db: any Connection) throws -> Int64 {
        let next = try db.integer(
            "UPDATE change_feed SET sequence = sequence + 1 WHERE topic = ?1 RETURNING sequence", [.raw(topic)])
        guard let next else { throw StoreError(.corrupt, "There is no feed of \(topic.rawValue).") }
        return next
    }

    package static func sequence(_ topic: Topic, _ db: any Connection) throws -> Int64 {
        try db.integer("SELECT sequence FROM change_feed WHERE topic = ?1", [.raw(topic)]) ?? 0
    }
}
