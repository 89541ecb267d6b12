package import Model

extension SubnetPool: KeyedRecord {
    package static var table: String { "subnetpools" }
    package static let columns = [
        "id", "project_id", "name", "description", "prefixes", "ip_version", "min_prefixlen", "max_prefixlen",
        "default_prefixlen", "default_quota", "is_default", "is_shared", "address_scope_id", "tags", "created_at",
        "updated_at", "revision",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), description: row.text(), prefixes: row.json(),
            ipVersion: row.int(), minPrefixLength: row.int(), maxPrefixLength: row.int(),
            defaultPrefixLength: row.int(), defaultQuota: row.optionalInt(), isDefault: row.bool(),
            isShared: row.bool(), addressScopeID: row.optionalID(), tags: row.json(), createdAt: row.time(),
            updatedAt: row.time(), revision: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .text(description), .text(prefixes.raw), .int(ipVersion),
            .int(minPrefixLength), .int(maxPrefixLength), .int(defaultPrefixLength), .int(defaultQuota),
            .bool(isDefault), .bool(isShared), .id(addressScopeID), .text(tags.raw), .time(createdAt),
            .time(updatedAt), .int(revision),
        ]
    }
}

extension AddressScope: KeyedRecord {
    package static var table: String { "address_scopes" }
    package static let columns = ["id", "project_id", "name", "ip_version", "is_shared", "created_at"]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), ipVersion: row.int(), isShared: row.bool(),
            createdAt: row.time())
    }

    package var values: [SQLValue] {
        [.id(id), .id(projectID), .text(name), .int(ipVersion), .bool(isShared), .time(createdAt)]
    }
}

package enum SubnetPoolQueries {
    package static func defaultPool(version: Int, _ db: any Connection) throws -> SubnetPool? {
        try db.first(SubnetPool.self, "WHERE is_default = 1 AND ip_version = ?1", [.int(version)])
    }

    package static func pools(of scope: AddressScopeID, _ db: any Connection) throws -> [SubnetPool] {
        try db.fetch(SubnetPool.self, "WHERE address_scope_id = ?1 ORDER BY created_at, id", [.id(scope)])
    }

    package static func subnets(of pool: SubnetPoolID, _ db: any Connection) throws -> [Subnet] {
        try db.fetch(Subnet.self, "WHERE subnetpool_id = ?1 ORDER BY created_at, id", [.id(pool)])
    }

    /// The routers with an address of the pool.
    package static func routers(on pool: SubnetPoolID, _ db: any Connection) throws -> [RouterID] {
        try db.texts(
            """
            SELECT DISTINCT ports.device_id FROM subnets
            JOIN address_allocations ON address_allocations.subnet_id = subnets.id
            JOIN ports ON ports.id = address_allocations.port_id
            WHERE subnets.subnetpool_id = ?1
                AND ports.device_owner IN ('network:router_interface', 'network:router_gateway')
            """,
            [.id(pool)]
        ).map { RouterID($0) }
    }

    /// Subnets of the pool's version on the networks that have one of the pool, but not of it themselves.
    package static func neighbours(of pool: SubnetPool, _ db: any Connection) throws -> [String] {
        try db.texts(
            """
            SELECT id FROM subnets WHERE ip_version = ?2 AND (subnetpool_id IS NULL OR subnetpool_id <> ?1)
                AND network_id IN (SELECT network_id FROM subnets WHERE subnetpool_id = ?1)
            """,
            [.id(pool.id), .int(pool.ipVersion)])
    }

    /// The scope of the addresses of a subnet.
    package static func scope(of subnet: SubnetID, _ db: any Connection) throws -> AddressScopeID? {
        try db.texts(
            """
            SELECT address_scope_id FROM subnetpools JOIN subnets ON subnets.subnetpool_id = subnetpools.id
            WHERE subnets.id = ?1 AND address_scope_id IS NOT NULL
            """,
            [.id(subnet)]
        ).first.map { AddressScopeID($0) }
    }
}
