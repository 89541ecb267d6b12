package import Model

extension Network: KeyedRecord {
    package static var table: String { "networks" }
    package static let columns = [
        "id", "project_id", "name", "description", "admin_state_up", "is_shared", "is_external", "is_default",
        "port_security_enabled", "mtu", "segmentation_id", "tags", "created_at", "updated_at", "dns_domain",
        "availability_zone_hints", "revision",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), description: row.text(), adminStateUp: row.bool(),
            isShared: row.bool(), isExternal: row.bool(), isDefault: row.bool(), portSecurityEnabled: row.bool(),
            mtu: row.int(), segmentationID: row.int(), tags: row.json(), createdAt: row.time(), updatedAt: row.time(),
            dnsDomain: row.text(), availabilityZoneHints: row.json(), revision: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .text(description), .bool(adminStateUp), .bool(isShared),
            .bool(isExternal), .bool(isDefault), .bool(portSecurityEnabled), .int(mtu), .int(segmentationID),
            .text(tags.raw), .time(createdAt), .time(updatedAt), .text(dnsDomain), .text(availabilityZoneHints.raw),
            .int(revision),
        ]
    }
}

package enum NetworkQueries {
    /// Own networks, shared ones and external ones; all for an administrator (`nil`).
    package static func visible(to project: ProjectID?, _ db: any Connection) throws -> [Network] {
        guard let project else { return try db.fetch(Network.self, "ORDER BY created_at, id") }
        return try db.fetch(
            Network.self, "WHERE project_id = ?1 OR is_shared = 1 OR is_external = 1 ORDER BY created_at, id",
            [.id(project)])
    }

    package static func nextSegment(_ db: any Connection) throws -> Int {
        Int(try db.integer("SELECT max(segmentation_id) FROM networks") ?? 0) + 1
    }
}
