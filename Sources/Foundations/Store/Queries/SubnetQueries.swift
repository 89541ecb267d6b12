package import Model

extension Subnet: KeyedRecord {
    package static var table: String { "subnets" }
    package static let columns = [
        "id", "network_id", "project_id", "name", "description", "ip_version", "cidr", "gateway_ip", "enable_dhcp",
        "dns_nameservers", "host_routes", "allocation_pools", "ipv6_address_mode", "ipv6_ra_mode", "tags", "created_at",
        "updated_at", "revision", "subnetpool_id",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), networkID: row.id(), projectID: row.id(), name: row.text(), description: row.text(),
            ipVersion: row.int(), cidr: row.text(), gatewayIP: row.optionalText(), enableDHCP: row.bool(),
            dnsNameservers: row.json(), hostRoutes: row.json(), allocationPools: row.json(),
            ipv6AddressMode: row.optionalText(), ipv6RAMode: row.optionalText(), tags: row.json(),
            createdAt: row.time(), updatedAt: row.time(), revision: row.int(), subnetPoolID: row.optionalID())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(networkID), .id(projectID), .text(name), .text(description), .int(ipVersion), .text(cidr),
            .text(gatewayIP), .bool(enableDHCP), .text(dnsNameservers.raw), .text(hostRoutes.raw),
            .text(allocationPools.raw), .text(ipv6AddressMode), .text(ipv6RAMode), .text(tags.raw), .time(createdAt),
            .time(updatedAt), .int(revision), .id(subnetPoolID),
        ]
    }
}

package enum SubnetQueries {
    package static func subnets(of network: NetworkID, _ db: any Connection) throws -> [Subnet] {
        try db.fetch(Subnet.self, "WHERE network_id = ?1 ORDER BY created_at, id", [.id(network)])
    }

    /// Takes an address for a port; `false` when it is taken.
    package static func take(
        _ address: IPAddress, in subnet: SubnetID, for port: PortID, _ db: any Connection
    ) throws -> Bool {
        try db.execute(
            """
            INSERT INTO address_allocations (subnet_id, address, port_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
            """,
            [.id(subnet), .text(address.description), .id(port)]) == 1
    }

    package static func releaseAll(of port: PortID, _ db: any Connection) throws {
        try db.execute("DELETE FROM address_allocations WHERE port_id = ?1", [.id(port)])
    }

    package static func releaseAll(in subnet: SubnetID, _ db: any Connection) throws {
        try db.execute("DELETE FROM address_allocations WHERE subnet_id = ?1", [.id(subnet)])
    }

    /// Every taken address, as `address in subnet of port`.
    package static func takenAddresses(_ db: any Connection) throws -> [String] {
        try db.texts("SELECT address || ' in ' || subnet_id || ' of ' || port_id FROM address_allocations")
    }

    package static func allocationCount(in subnet: SubnetID, _ db: any Connection) throws -> Int {
        Int(try db.integer("SELECT count(*) FROM address_allocations WHERE subnet_id = ?1", [.id(subnet)]) ?? 0)
    }

    /// Where the search for a free address goes on: an offset into the subnet's pools.
    package static func nextOffset(in subnet: SubnetID, _ db: any Connection) throws -> Int {
        Int(try db.integer("SELECT next_offset FROM address_hints WHERE subnet_id = ?1", [.id(subnet)]) ?? 0)
    }

    package static func setNextOffset(_ offset: Int, in subnet: SubnetID, _ db: any Connection) throws {
        try db.execute(
            """
            INSERT INTO address_hints (subnet_id, next_offset) VALUES (?1, ?2)
            ON CONFLICT (subnet_id) DO UPDATE SET next_offset = excluded.next_offset
            """,
            [.id(subnet), .int(offset)])
    }
}
