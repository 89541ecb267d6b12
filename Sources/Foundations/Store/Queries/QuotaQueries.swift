package import Model

extension Quota: Record {
    package static var table: String { "quotas" }
    package static let columns = [
        "project_id", "resource", "limit_value", "used", "is_own",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            projectID: row.id(), resource: row.text(), limit: row.int(), used: row.int(), isOwn: row.bool())
    }

    package var values: [SQLValue] {
        [
            .id(projectID), .text(resource), .int(limit), .int(used), .bool(isOwn),
        ]
    }
}

package enum QuotaQueries {
    /// Takes `amount` of a resource, or returns the row that refuses it. One that is not there is made with the default
    /// limit.
    package static func take(
        _ amount: Int, of resource: String, for project: ProjectID,
        defaultLimit: @autoclosure () throws -> Int, _ db: any Connection
    ) throws -> Quota? {
        if try isTaken(amount, of: resource, for: project, db) { return nil }
        if try db.insertIfAbsent(Quota(projectID: project, resource: resource, limit: defaultLimit())),
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
            "UPDATE quotas SET limit_value = ?3, is_own = 1 WHERE project_id = ?1 AND resource = ?2",
            [.id(project), .text(resource), .int(limit)])
    }

    /// The project follows the default again.
    package static func reset(
        _ resource: String, of project: ProjectID, to defaultLimit: Int, _ db: any Connection
    ) throws {
        try db.execute(
            "UPDATE quotas SET limit_value = ?3, is_own = 0 WHERE project_id = ?1 AND resource = ?2",
            [.id(project), .text(resource), .int(defaultLimit)])
    }
}

/// Limits by class; those of the class `default` are the defaults of all projects.
extension QuotaQueries {
    package static let defaultClass = "default"

    package static func limits(ofClass name: String, _ db: any Connection) throws -> [String: Int] {
        var found: [String: Int] = [:]
        try db.forEach("SELECT resource, limit_value FROM quota_classes WHERE class = ?1", [.text(name)]) {
            found[$0.text(0)] = Int($0.integer(1))
        }
        return found
    }

    /// What holds for a project that has no limit of its own on one of Nova's resources.
    package static func defaultLimit(of resource: String, _ db: any Connection) throws -> Int {
        let set = try db.integer(
            "SELECT limit_value FROM quota_classes WHERE class = ?1 AND resource = ?2",
            [.text(defaultClass), .text(resource)])
        return set.map { Int($0) } ?? Quota.computeDefault(resource)
    }

    /// Projects without a limit of their own follow the class `default` at once.
    package static func setLimit(
        _ limit: Int, of resource: String, ofClass name: String, _ db: any Connection
    ) throws {
        try db.execute(
            """
            INSERT INTO quota_classes (class, resource, limit_value) VALUES (?1, ?2, ?3)
            ON CONFLICT (class, resource) DO UPDATE SET limit_value = excluded.limit_value
            """, [.text(name), .text(resource), .int(limit)])
        guard name == defaultClass else { return }
        try db.execute(
            "UPDATE quotas SET limit_value = ?2 WHERE resource = ?1 AND is_own = 0", [.text(resource), .int(limit)])
    }
}
