package import Model

extension Router: KeyedRecord {
    package static var table: String { "routers" }
    package static let columns = [
        "id", "project_id", "name", "description", "admin_state_up", "gateway_network_id", "gateway_port_id",
        "snat_enabled", "routes", "tags", "created_at", "updated_at", "availability_zone_hints", "revision",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), description: row.text(), adminStateUp: row.bool(),
            gatewayNetworkID: row.optionalID(), gatewayPortID: row.optionalID(), snatEnabled: row.bool(),
            routes: row.json(), tags: row.json(), createdAt: row.time(), updatedAt: row.time(),
            availabilityZoneHints: row.json(), revision: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .text(description), .bool(adminStateUp), .id(gatewayNetworkID),
            .id(gatewayPortID), .bool(snatEnabled), .text(routes.raw), .text(tags.raw), .time(createdAt),
            .time(updatedAt), .text(availabilityZoneHints.raw), .int(revision),
        ]
    }
}

package enum RouterQueries {
    /// The router with a leg in the subnet and a gateway in the external network that has the subnet's gateway
    /// address, or else the first one with both.
    package static func wayOut(
        of subnet: SubnetID, on network: NetworkID, to external: NetworkID, _ db: any Connection
    ) throws -> RouterID? {
        try db.texts(
            """
            SELECT routers.id FROM routers
            JOIN ports ON ports.device_id = routers.id AND ports.device_owner = 'network:router_interface'
            JOIN address_allocations ON address_allocations.port_id = ports.id
            JOIN subnets ON subnets.id = address_allocations.subnet_id
            WHERE subnets.id = ?1 AND ports.network_id = ?2 AND routers.gateway_network_id = ?3
            ORDER BY CASE WHEN address_allocations.address = subnets.gateway_ip THEN 0 ELSE 1 END, routers.created_at,
                routers.id
            """,
            [.id(subnet), .id(network), .id(external)]
        ).first.map { RouterID($0) }
    }
}
