package import Model

extension Router: KeyedRecord {
    package static var table: String { "routers" }
    package static let columns = [
        "id", "project_id", "name", "description", "admin_state_up", "gateway_network_id", "gateway_port_id",
        "snat_enabled", "routes", "tags", "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), description: row.text(), adminStateUp: row.bool(),
            gatewayNetworkID: row.optionalID(), gatewayPortID: row.optionalID(), snatEnabled: row.bool(),
            routes: row.json(), tags: row.json(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .text(description), .bool(adminStateUp), .id(gatewayNetworkID),
            .id(gatewayPortID), .bool(snatEnabled), .text(routes.raw), .text(tags.raw), .time(createdAt),
            .time(updatedAt),
        ]
    }
}

package enum RouterQueries {
    /// The routers with a leg in the network, by the ports they own there.
    package static func routerIDs(on network: NetworkID, _ db: any Connection) throws -> [RouterID] {
        try db.texts(
            """
            SELECT DISTINCT device_id FROM ports
            WHERE network_id = ?1 AND device_owner = 'network:router_interface' ORDER BY device_id
            """,
            [.id(network)]
        ).map { RouterID($0) }
    }
}
