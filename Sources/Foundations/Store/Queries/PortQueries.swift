package import Model

extension Port: KeyedRecord {
    package static var table: String { "ports" }
    package static let columns = [
        "id", "network_id", "project_id", "name", "description", "admin_state_up", "mac_address", "fixed_ips",
        "device_id", "device_owner", "security_groups", "port_security_enabled", "allowed_address_pairs",
        "binding_host", "binding_profile", "vnic_type", "status", "dns_name", "tags", "created_at", "updated_at",
        "profile", "revision",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), networkID: row.id(), projectID: row.id(), name: row.text(), description: row.text(),
            adminStateUp: row.bool(), macAddress: row.text(), fixedIPs: row.json(), deviceID: row.text(),
            deviceOwner: row.text(), securityGroups: row.json(), portSecurityEnabled: row.bool(),
            allowedAddressPairs: row.json(), bindingHost: row.text(), bindingProfile: row.text(), vnicType: row.text(),
            status: row.text(), dnsName: row.text(), tags: row.json(), createdAt: row.time(), updatedAt: row.time(),
            profile: row.text(), revision: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(networkID), .id(projectID), .text(name), .text(description), .bool(adminStateUp),
            .text(macAddress), .text(fixedIPs.raw), .text(deviceID), .text(deviceOwner), .text(securityGroups.raw),
            .bool(portSecurityEnabled), .text(allowedAddressPairs.raw), .text(bindingHost), .text(bindingProfile),
            .text(vnicType), .text(status), .text(dnsName), .text(tags.raw), .time(createdAt), .time(updatedAt),
            .text(profile), .int(revision),
        ]
    }
}

package enum PortQueries {
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

    /// Which groups a port carries, for membership look-ups.
    package static func setGroups(_ groups: [SecurityGroupID], of port: PortID, _ db: any Connection) throws {
        try db.execute("DELETE FROM port_security_groups WHERE port_id = ?1", [.id(port)])
        try addGroups(groups, to: port, db)
    }

    /// Of a port that carries none yet.
    package static func addGroups(_ groups: [SecurityGroupID], to port: PortID, _ db: any Connection) throws {
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
}
