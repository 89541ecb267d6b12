/// How far the first start has come with what a fresh cloud holds: a row of the change feed.
package enum SeedQueries {
    package enum State: Int64, Sendable { case begun, planted }

    /// `nil` in a store that no start has planted in.
    package static func state(_ db: any Connection) throws -> State? {
        try db.integer("SELECT sequence FROM change_feed WHERE topic = 'seed'", []).flatMap(State.init(rawValue:))
    }

    package static func set(_ state: State, _ db: any Connection) throws {
        try db.execute(
            """
            INSERT INTO change_feed (topic, sequence) VALUES ('seed', ?1)
            ON CONFLICT (topic) DO UPDATE SET sequence = excluded.sequence
            """, [.integer(state.rawValue)])
    }
}
