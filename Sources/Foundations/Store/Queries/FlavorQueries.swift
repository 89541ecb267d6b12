package import Model

extension Flavor: KeyedRecord {
    package static var table: String { "flavors" }
    package static let columns = [
        "id", "name", "vcpus", "memory", "disk", "ephemeral", "swap", "rxtx_factor", "is_public", "is_disabled",
        "description", "extra_specs", "created_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), vcpus: row.int(), memory: row.int(), disk: row.int(), ephemeral: row.int(),
            swap: row.int(), rxtxFactor: row.text(), isPublic: row.bool(), isDisabled: row.bool(),
            description: row.optionalText(), extraSpecs: row.json(), createdAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .int(vcpus), .int(memory), .int(disk), .int(ephemeral), .int(swap), .text(rxtxFactor),
            .bool(isPublic), .bool(isDisabled), .text(description), .text(extraSpecs.raw), .time(createdAt),
        ]
    }
}

package enum FlavorQueries {
    package static func given(to project: ProjectID, _ db: any Connection) throws -> [FlavorID] {
        try db.texts("SELECT flavor_id FROM flavor_access WHERE project_id = ?1", [.id(project)]).map { FlavorID($0) }
    }

    package static func projects(with flavor: FlavorID, _ db: any Connection) throws -> [ProjectID] {
        try db.texts("SELECT project_id FROM flavor_access WHERE flavor_id = ?1 ORDER BY project_id", [.id(flavor)])
            .map { ProjectID($0) }
    }

    package static func give(_ flavor: FlavorID, to project: ProjectID, _ db: any Connection) throws -> Bool {
        try db.execute(
            "INSERT INTO flavor_access (flavor_id, project_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [.id(flavor), .id(project)]) == 1
    }

    package static func take(_ flavor: FlavorID, from project: ProjectID, _ db: any Connection) throws -> Bool {
        try db.execute(
            "DELETE FROM flavor_access WHERE flavor_id = ?1 AND project_id = ?2", [.id(flavor), .id(project)]) == 1
    }
}
