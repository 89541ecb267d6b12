package import Model

/// Generations are random, so no two histories of a store have one in common, and none is before another: what was
/// committed in another order than it was begun is not lost. A part without one is as it was made.
package enum NetworkGenerationQueries {
    /// What hosts have of these parts is another from this commit on.
    package static func renew(_ parts: Set<NetworkPart>, _ db: any Connection) throws {
        let generation = SQLValue.text(UUIDText.random())
        // In one order, so that two transactions do not wait for each other; a few at once, for each number of rows is
        // another statement.
        var rest = parts.sorted { $0.rawValue < $1.rawValue }[...]
        while !rest.isEmpty {
            let some = rest.prefix(8)
            rest = rest.dropFirst(8)
            let rows = (0..<some.count).map { "(?\($0 + 2), ?1)" }.joined(separator: ", ")
            try db.execute(
                """
                INSERT INTO network_generations (part, generation) VALUES \(rows)
                ON CONFLICT (part) DO UPDATE SET generation = excluded.generation
                """,
                [generation] + some.map { .raw($0) })
        }
    }

    /// These are no more.
    package static func forget(_ parts: Set<NetworkPart>, _ db: any Connection) throws {
        for part in parts { try db.execute("DELETE FROM network_generations WHERE part = ?1", [.raw(part)]) }
    }

    /// The parts that a host should have, with their generations: the networks with a port bound to it, the routers
    /// there, the networks that those join, the rules of the groups that its servers' ports carry, and the addresses
    /// of the groups that those rules name.
    package static func parts(of hostname: String, _ db: any Connection) throws -> [NetworkPart: String] {
        var found: [NetworkPart: String] = [:]
        try db.forEach(
            """
            WITH RECURSIVE reached (network_id) AS (
                SELECT network_id FROM ports WHERE binding_host = ?1
                UNION
                SELECT far.network_id FROM reached
                JOIN ports near ON near.network_id = reached.network_id
                    AND near.device_owner = 'network:router_interface'
                JOIN routers ON routers.id = near.device_id
                JOIN ports far ON far.device_id = near.device_id AND far.device_owner = 'network:router_interface'
            ), joined (router_id, gateway_network_id) AS (
                SELECT DISTINCT routers.id, routers.gateway_network_id FROM reached
                JOIN ports near ON near.network_id = reached.network_id
                    AND near.device_owner = 'network:router_interface'
                JOIN routers ON routers.id = near.device_id
            ), carried (group_id) AS (
                SELECT DISTINCT carries.security_group_id FROM ports
                JOIN port_security_groups carries ON carries.port_id = ports.id
                WHERE ports.binding_host = ?1 AND ports.device_owner LIKE 'compute:%'
            ), due (part) AS (
                SELECT 'network/' || network_id FROM reached
                UNION SELECT 'network/' || gateway_network_id FROM joined WHERE gateway_network_id IS NOT NULL
                UNION SELECT 'router/' || router_id FROM joined
                UNION SELECT 'rules/' || group_id FROM carried
                UNION SELECT 'members/' || rules.remote_group_id FROM carried
                JOIN security_group_rules rules ON rules.security_group_id = carried.group_id
                WHERE rules.remote_group_id IS NOT NULL
            )
            SELECT due.part, COALESCE(known.generation, '') FROM due
            LEFT JOIN network_generations known ON known.part = due.part
            """, [.text(hostname)]
        ) { row in
            var reader = RowReader(row)
            found[try reader.raw()] = reader.text()
        }
        return found
    }
}
