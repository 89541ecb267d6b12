import Model
/// What Network has to tell Compute; it may not import it.
package enum NetworkOutboxQueries {
    /// Tells Compute that what it shows of a device may have changed. Numbers come from the network feed, which never
    /// goes back as an empty table's would: what is cleared up to a number was written up to it.
    package static func tell(device: String, _ db: any Connection) throws {
        guard !device.isEmpty else { return }
        let last = try db.integer("SELECT max(sequence) FROM network_outbox") ?? 0
        let next = max(try ChangeFeedQueries.bump(.network, db), last + 1)
        try db.execute(
            "INSERT INTO network_outbox (sequence, device_id) VALUES (?1, ?2)", [.integer(next), .text(device)])
    }

    package static func read(limit: Int, _ db: any Connection) throws -> [(sequence: Int64, device: String)] {
        var found: [(sequence: Int64, device: String)] = []
        try db.forEach("SELECT sequence, device_id FROM network_outbox ORDER BY sequence LIMIT ?1", [.int(limit)]) {
            found.append(($0.integer(0), $0.text(1)))
        }
        return found
    }

    package static func clear(through sequence: Int64, _ db: any Connection) throws {
        try db.execute("DELETE FROM network_outbox WHERE sequence <= ?1", [.integer(sequence)])
    }
}
