package import Model

extension FloatingIP: KeyedRecord {
    package static var table: String { "floating_ips" }
    package static let columns = [
        "id", "project_id", "description", "network_id", "address", "holder_port_id", "port_id", "fixed_address",
        "router_id", "tags", "created_at", "updated_at", "dns_name", "dns_domain", "revision",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), description: row.text(), networkID: row.id(), address: row.text(),
            holderPortID: row.id(), portID: row.optionalID(), fixedAddress: row.optionalText(),
            routerID: row.optionalID(), tags: row.json(), createdAt: row.time(), updatedAt: row.time(),
            dnsName: row.text(), dnsDomain: row.text(), revision: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(description), .id(networkID), .text(address), .id(holderPortID), .id(portID),
            .text(fixedAddress), .id(routerID), .text(tags.raw), .time(createdAt), .time(updatedAt), .text(dnsName),
            .text(dnsDomain), .int(revision),
        ]
    }
}

package enum FloatingIPQueries {
    package static func floatingIPs(of router: RouterID, _ db: any Connection) throws -> [FloatingIP] {
        try db.fetch(
            FloatingIP.self, "WHERE router_id = ?1 AND port_id IS NOT NULL ORDER BY address", [.id(router)])
    }

    package static func floatingIPs(ofPort port: PortID, _ db: any Connection) throws -> [FloatingIP] {
        try db.fetch(FloatingIP.self, "WHERE port_id = ?1 ORDER BY address", [.id(port)])
    }

    /// Those of a network that point nowhere.
    package static func unused(on network: NetworkID, _ db: any Connection) throws -> [FloatingIP] {
        try db.fetch(FloatingIP.self, "WHERE network_id = ?1 AND port_id IS NULL ORDER BY address", [.id(network)])
    }

    /// Floating IPs of a port that goes point nowhere. Returns the routers that they went through.
    package static func detach(ofPort port: PortID, _ db: any Connection) throws -> [RouterID] {
        let found = try floatingIPs(ofPort: port, db)
        if !found.isEmpty {
            try db.execute(
                "UPDATE floating_ips SET port_id = NULL, fixed_address = NULL, router_id = NULL WHERE port_id = ?1",
                [.id(port)])
        }
        return found.compactMap(\.routerID)
    }
}
