package import Model

extension Quota: Record {
    package static var table: String { "quotas" }
    package static let columns = [
        "project_id", "resource", "limit_value", "used",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            projectID: row.id(), resource: row.text(), limit: row.int(), used: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(projectID), .text(resource), .int(limit), .int(used),
        ]
    }
}

package enum QuotaQueries {
    /// Takes `amount` of a resource, or returns the row that refuses it. One that is not there is made with the default
    /// limit.
    package static func take(
        _ amount: Int, of resource: String, for project: ProjectID, defaultLimit: Int, _ db: any Connection
    ) throws -> Quota? {
        if try isTaken(amount, of: resource, for: project, db) { return nil }
        if try db.insertIfAbsent(Quota(projectID: project, resource: resource, limit: defaultLimit)),
            try isTaken(amount, of: resource, for: project, db)
        {
            return nil
        }
        return try find(resource, of: project, db)
    }

    private static func isTaken(
        _ amount: Int, of resource: String, for project: ProjectID, _ db: any Connection
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE quotas SET used = used + ?3
            WHERE project_id = ?1 AND resource = ?2 AND (limit_value < 0 OR used + ?3 <= limit_value)
            """,
            [.id(project), .text(resource), .int(amount)]) == 1
    }

    package static func giveBack(
        _ amount: Int, of resource: String, for project: ProjectID, _ db: any Connection
    ) throws {
        try db.execute(
            "UPDATE quotas SET used = used - ?3 WHERE project_id = ?1 AND resource = ?2",
            [.id(project), .text(resource), .int(amount)])
    }

    package static func find(_ resource: String, of project: ProjectID, _ db: any Connection) throws -> Quota? {
        try db.first(Quota.self, "WHERE project_id = ?1 AND resource = ?2", [.id(project), .text(resource)])
    }

    package static func all(of project: ProjectID, _ db: any Connection) throws -> [String: Quota] {
        let rows = try db.fetch(Quota.self, "WHERE project_id = ?1", [.id(project)])
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.resource, $0) })
    }

    /// What a new server takes, by resource; those that nobody has taken or limited yet are missing.
    package static func ofServers(of project: ProjectID, _ db: any Connection) throws -> [String: Quota] {
        let rows = try db.fetch(
            Quota.self, "WHERE project_id = ?1 AND resource IN ('instances', 'cores', 'ram')", [.id(project)])
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.resource, $0) })
    }

    package static func setLimit(
        _ limit: Int, of resource: String, for project: ProjectID, _ db: any Connection
    ) throws {
        try db.insertIfAbsent(Quota(projectID: project, resource: resource, limit: limit))
        try db.execute(
            "UPDATE quotas SET limit_value = ?3 WHERE project_id = ?1 AND resource = ?2",
            [.id(project), .text(resource), .int(limit)])
    }
}
