package import Model

extension Network: KeyedRecord {
    package static var table: String { "networks" }
    package static let columns = [
        "id", "project_id", "name", "description", "admin_state_up", "is_shared", "is_external", "is_default",
        "port_security_enabled", "mtu", "segmentation_id", "tags", "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), description: row.text(), adminStateUp: row.bool(),
            isShared: row.bool(), isExternal: row.bool(), isDefault: row.bool(), portSecurityEnabled: row.bool(),
            mtu: row.int(), segmentationID: row.int(), tags: row.json(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .text(description), .bool(adminStateUp), .bool(isShared),
            .bool(isExternal), .bool(isDefault), .bool(portSecurityEnabled), .int(mtu), .int(segmentationID),
            .text(tags.raw), .time(createdAt), .time(updatedAt),
        ]
    }
}

extension Subnet: KeyedRecord {
    package static var table: String { "subnets" }
    package static let columns = [
        "id", "network_id", "project_id", "name", "description", "ip_version", "cidr", "gateway_ip", "enable_dhcp",
        "dns_nameservers", "host_routes", "allocation_pools", "ipv6_address_mode", "ipv6_ra_mode", "tags", "created_at",
        "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), networkID: row.id(), projectID: row.id(), name: row.text(), description: row.text(),
            ipVersion: row.int(), cidr: row.text(), gatewayIP: row.optionalText(), enableDHCP: row.bool(),
            dnsNameservers: row.json(), hostRoutes: row.json(), allocationPools: row.json(),
            ipv6AddressMode: row.optionalText(), ipv6RAMode: row.optionalText(), tags: row.json(),
            createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(networkID), .id(projectID), .text(name), .text(description), .int(ipVersion), .text(cidr),
            .text(gatewayIP), .bool(enableDHCP), .text(dnsNameservers.raw), .text(hostRoutes.raw),
            .text(allocationPools.raw), .text(ipv6AddressMode), .text(ipv6RAMode), .text(tags.raw), .time(createdAt),
            .time(updatedAt),
        ]
    }
}

extension Port: KeyedRecord {
    package static var table: String { "ports" }
    package static let columns = [
        "id", "network_id", "project_id", "name", "description", "admin_state_up", "mac_address", "fixed_ips",
        "device_id", "device_owner", "security_groups", "port_security_enabled", "allowed_address_pairs",
        "binding_host", "binding_profile", "vnic_type", "status", "dns_name", "tags", "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), networkID: row.id(), projectID: row.id(), name: row.text(), description: row.text(),
            adminStateUp: row.bool(), macAddress: row.text(), fixedIPs: row.json(), deviceID: row.text(),
            deviceOwner: row.text(), securityGroups: row.json(), portSecurityEnabled: row.bool(),
            allowedAddressPairs: row.json(), bindingHost: row.text(), bindingProfile: row.text(), vnicType: row.text(),
            status: row.text(), dnsName: row.text(), tags: row.json(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(networkID), .id(projectID), .text(name), .text(description), .bool(adminStateUp),
            .text(macAddress), .text(fixedIPs.raw), .text(deviceID), .text(deviceOwner), .text(securityGroups.raw),
            .bool(portSecurityEnabled), .text(allowedAddressPairs.raw), .text(bindingHost), .text(bindingProfile),
            .text(vnicType), .text(status), .text(dnsName), .text(tags.raw), .time(createdAt), .time(updatedAt),
        ]
    }
}

package enum NetworkQueries {
    package static func subnets(of network: NetworkID, _ db: any Connection) throws -> [Subnet] {
        try db.fetch(Subnet.self, "WHERE network_id = ?1 ORDER BY created_at, id", [.id(network)])
    }

    package static func ports(ofDevice device: String, _ db: any Connection) throws -> [Port] {
        try db.fetch(Port.self, "WHERE device_id = ?1 ORDER BY created_at, id", [.text(device)])
    }

    package static func ports(of network: NetworkID, _ db: any Connection) throws -> [Port] {
        try db.fetch(Port.self, "WHERE network_id = ?1 ORDER BY created_at, id", [.id(network)])
    }

    package static func hasPort(
        with macAddress: String, on network: NetworkID, _ db: any Connection
    ) throws -> Bool {
        try db.integer(
            "SELECT 1 FROM ports WHERE network_id = ?1 AND mac_address = ?2", [.id(network), .text(macAddress)]) != nil
    }

    /// The port that holds an address in a network.
    package static func port(at address: String, on network: NetworkID, _ db: any Connection) throws -> Port? {
        try db.first(
            Port.self,
            """
            WHERE id IN (SELECT port_id FROM address_allocations
                WHERE address = ?2 AND subnet_id IN (SELECT id FROM subnets WHERE network_id = ?1))
            """,
            [.id(network), .text(address)])
    }

    /// Own networks, shared ones and external ones; all for an administrator (`nil`).
    package static func visible(to project: ProjectID?, _ db: any Connection) throws -> [Network] {
        guard let project else { return try db.fetch(Network.self, "ORDER BY created_at, id") }
        return try db.fetch(
            Network.self, "WHERE project_id = ?1 OR is_shared = 1 OR is_external = 1 ORDER BY created_at, id",
            [.id(project)])
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

    package static func nextSegment(_ db: any Connection) throws -> Int {
        Int(try db.integer("SELECT max(segmentation_id) FROM networks") ?? 0) + 1
    }

    /// Which groups a port carries, for membership look-ups.
    package static func setGroups(_ groups: [SecurityGroupID], of port: PortID, _ db: any Connection) throws {
        try db.execute("DELETE FROM port_security_groups WHERE port_id = ?1", [.id(port)])
        for group in Set(groups) {
            try db.execute(
                "INSERT INTO port_security_groups (port_id, security_group_id) VALUES (?1, ?2)",
                [.id(port), .id(group)])
        }
    }

    package static func portCount(carrying group: SecurityGroupID, _ db: any Connection) throws -> Int {
        Int(
            try db.integer(
                "SELECT count(*) FROM port_security_groups WHERE security_group_id = ?1", [.id(group)]) ?? 0)
    }

    /// Tells Compute that what it shows of a device may have changed. Numbers come from the network feed, which never
    /// goes back as an empty table's would: what is cleared up to a number was written up to it.
    package static func tell(device: String, _ db: any Connection) throws {
        guard !device.isEmpty else { return }
        let last = try db.integer("SELECT max(sequence) FROM network_outbox") ?? 0
        let next = max(try ChangeFeedQueries.bump(.network, db), last + 1)
        try db.execute(
            "INSERT INTO network_outbox (sequence, device_id) VALUES (?1, ?2)", [.integer(next), .text(device)])
    }

    package static func outbox(limit: Int, _ db: any Connection) throws -> [(sequence: Int64, device: String)] {
        var found: [(sequence: Int64, device: String)] = []
        try db.forEach("SELECT sequence, device_id FROM network_outbox ORDER BY sequence LIMIT ?1", [.int(limit)]) {
            found.append(($0.integer(0), $0.text(1)))
        }
        return found
    }

    package static func clearOutbox(through sequence: Int64, _ db: any Connection) throws {
        try db.execute("DELETE FROM network_outbox WHERE sequence <= ?1", [.integer(sequence)])
    }
}
