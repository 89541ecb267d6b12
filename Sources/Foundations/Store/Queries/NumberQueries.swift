/// Numbers by which clients name things. Each is given once, also when what had it is gone.
package enum NumberQueries {
    package enum Name: String, Sendable { case aggregates, hosts, keypairs }

    package static func next(_ name: Name, _ db: any Connection) throws -> Int {
        let next = try db.integer("UPDATE numbers SET last = last + 1 WHERE name = ?1 RETURNING last", [.raw(name)])
        guard let next else { throw StoreError(.corrupt, "There are no numbers of \(name.rawValue).") }
        return Int(next)
    }
}
