package import Model

extension SecurityGroup: KeyedRecord {
    package static var table: String { "security_groups" }
    package static let columns = [
        "id", "project_id", "name", "description", "stateful", "tags", "created_at", "updated_at", "revision",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), description: row.text(), stateful: row.bool(),
            tags: row.json(), createdAt: row.time(), updatedAt: row.time(), revision: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .text(description), .bool(stateful), .text(tags.raw),
            .time(createdAt), .time(updatedAt), .int(revision),
        ]
    }
}

extension SecurityGroupRule: KeyedRecord {
    package static var table: String { "security_group_rules" }
    package static let columns = [
        "id", "security_group_id", "project_id", "description", "direction", "ether_type", "transport", "port_min",
        "port_max", "remote_prefix", "remote_group_id", "created_at", "tags", "updated_at", "revision",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), securityGroupID: row.id(), projectID: row.id(), description: row.text(),
            direction: row.text(), etherType: row.text(), transport: row.optionalText(), portMin: row.optionalInt(),
            portMax: row.optionalInt(), remotePrefix: row.optionalText(), remoteGroupID: row.optionalID(),
            createdAt: row.time(), tags: row.json(), updatedAt: row.time(), revision: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(securityGroupID), .id(projectID), .text(description), .text(direction), .text(etherType),
            .text(transport), .int(portMin), .int(portMax), .text(remotePrefix), .id(remoteGroupID), .time(createdAt),
            .text(tags.raw), .time(updatedAt), .int(revision),
        ]
    }
}

package enum SecurityGroupQueries {
    package static func rules(of group: SecurityGroupID, _ db: any Connection) throws -> [SecurityGroupRule] {
        try db.fetch(
            SecurityGroupRule.self, "WHERE security_group_id = ?1 ORDER BY created_at, id", [.id(group)])
    }

    package static func `default`(of project: ProjectID, _ db: any Connection) throws -> SecurityGroup? {
        try db.first(SecurityGroup.self, "WHERE project_id = ?1 AND name = 'default'", [.id(project)])
    }

    /// The group's rules, and those of other groups that let its members in or out: all that go with it.
    package static func rules(naming group: SecurityGroupID, _ db: any Connection) throws -> [SecurityGroupRule] {
        try db.fetch(
            SecurityGroupRule.self, "WHERE security_group_id = ?1 OR remote_group_id = ?1 ORDER BY id", [.id(group)])
    }

    /// The addresses of every port that carries the group.
    package static func memberAddresses(_ group: SecurityGroupID, _ db: any Connection) throws -> [String] {
        try db.texts(
            """
            SELECT DISTINCT address FROM address_allocations
            WHERE port_id IN (SELECT port_id FROM port_security_groups WHERE security_group_id = ?1) ORDER BY address
            """,
            [.id(group)])
    }
}
