package import Model

/// A record that Identity keeps, listed in the order of a column of its own.
package protocol IdentityRecord: KeyedRecord {
    static var order: String { get }
}

extension Domain: IdentityRecord {
    package static var table: String { "domains" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "description", "enabled",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), description: row.text(), enabled: row.bool())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .text(description), .bool(enabled),
        ]
    }
}

extension Project: IdentityRecord {
    package static var table: String { "projects" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "domain_id", "description", "enabled",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), domainID: row.id(), description: row.text(), enabled: row.bool())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .id(domainID), .text(description), .bool(enabled),
        ]
    }
}

extension User: IdentityRecord {
    package static var table: String { "users" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "domain_id", "default_project_id", "email", "description", "enabled", "password_hash", "epoch",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), domainID: row.id(), defaultProjectID: row.optionalID(),
            email: row.optionalText(), description: row.optionalText(), enabled: row.bool(),
            passwordHash: row.optionalText(), epoch: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .id(domainID), .id(defaultProjectID), .text(email), .text(description),
            .bool(enabled), .text(passwordHash), .int(epoch),
        ]
    }
}

extension Role: IdentityRecord {
    package static var table: String { "roles" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "description",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), description: row.optionalText())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .text(description),
        ]
    }
}

extension RoleAssignment: IdentityRecord {
    package static var table: String { "role_assignments" }
    package static var order: String { "key" }
    package static let columns = [
        "key", "user_id", "target", "target_id", "role_id",
    ]

    package init(row: inout RowReader) throws {
        _ = row.text()
        self.init(
            userID: row.id(), target: try row.raw(), targetID: row.text(), roleID: row.id())
    }

    package var values: [SQLValue] {
        [
            .text(key), .id(userID), .raw(target), .text(targetID), .id(roleID),
        ]
    }
}

extension CatalogService: IdentityRecord {
    package static var table: String { "catalog_services" }
    package static var order: String { "type" }
    package static let columns = [
        "id", "type", "name", "description", "enabled",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), type: row.text(), name: row.text(), description: row.text(), enabled: row.bool())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(type), .text(name), .text(description), .bool(enabled),
        ]
    }
}

extension Endpoint: IdentityRecord {
    package static var table: String { "endpoints" }
    package static var order: String { "id" }
    package static let columns = [
        "id", "service_id", "interface", "url", "region_id", "enabled",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), serviceID: row.id(), interface: row.text(), url: row.text(), regionID: row.text(),
            enabled: row.bool())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(serviceID), .text(interface), .text(url), .text(regionID), .bool(enabled),
        ]
    }
}

extension Region: IdentityRecord {
    package static var table: String { "regions" }
    package static var order: String { "id" }
    package static let columns = [
        "id", "description",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.text(), description: row.text())
    }

    package var values: [SQLValue] {
        [
            .text(id), .text(description),
        ]
    }
}

package enum IdentityQueries {
    package static func user(named name: String, domain: DomainID, _ db: any Connection) throws -> User? {
        try db.first(User.self, "WHERE domain_id = ?1 AND name = ?2", [.id(domain), .text(name)])
    }

    package static func project(named name: String, domain: DomainID, _ db: any Connection) throws -> Project? {
        try db.first(Project.self, "WHERE domain_id = ?1 AND name = ?2", [.id(domain), .text(name)])
    }

    package static func domain(named name: String, _ db: any Connection) throws -> Domain? {
        try db.first(Domain.self, "WHERE name = ?1", [.text(name)])
    }

    /// The roles granted directly, without implied ones.
    package static func roles(
        of user: UserID, on target: RoleAssignment.Target, _ id: String, _ db: any Connection
    ) throws -> [Role] {
        try db.fetch(
            Role.self,
            """
            WHERE id IN (SELECT role_id FROM role_assignments WHERE user_id = ?1 AND target = ?2 AND target_id = ?3)
            """,
            [.id(user), .raw(target), .text(id)])
    }

    package static func implications(_ db: any Connection) throws -> [(prior: RoleID, implied: RoleID)] {
        var found: [(prior: RoleID, implied: RoleID)] = []
        try db.forEach("SELECT prior_role_id, implied_role_id FROM role_implications", []) { row in
            found.append((RoleID(row.text(0)), RoleID(row.text(1))))
        }
        return found
    }

    package static func addImplication(prior: RoleID, implied: RoleID, _ db: any Connection) throws {
        try db.execute(
            "INSERT INTO role_implications (prior_role_id, implied_role_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [.id(prior), .id(implied)])
    }

    package static func projects(of user: UserID, _ db: any Connection) throws -> [Project] {
        try db.fetch(
            Project.self,
            """
            WHERE id IN (SELECT target_id FROM role_assignments WHERE user_id = ?1 AND target = 'project')
            ORDER BY name
            """,
            [.id(user)])
    }

    package static func deleteAssignments(on target: String, _ db: any Connection) throws {
        try db.execute("DELETE FROM role_assignments WHERE target_id = ?1", [.text(target)])
    }

    /// Token keys, newest first; the newest signs.
    package static func tokenKeys(_ db: any Connection) throws -> [(id: String, secret: String)] {
        var found: [(id: String, secret: String)] = []
        try db.forEach("SELECT id, secret FROM token_keys ORDER BY created_at DESC", []) { row in
            found.append((row.text(0), row.text(1)))
        }
        return found
    }

    package static func addTokenKey(id: String, secret: String, at now: Timestamp, _ db: any Connection) throws {
        try db.execute(
            "INSERT INTO token_keys (id, secret, created_at) VALUES (?1, ?2, ?3)",
            [.text(id), .text(secret), .time(now)])
    }

    package static func revoke(auditID: String, until expiry: Timestamp, now: Timestamp, _ db: any Connection) throws {
        try db.execute("DELETE FROM revoked_tokens WHERE expires_at < ?1", [.time(now)])
        try db.execute(
            "INSERT INTO revoked_tokens (audit_id, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [.text(auditID), .time(expiry)])
    }

    package static func revokedTokens(_ db: any Connection) throws -> Set<String> {
        Set(try db.texts("SELECT audit_id FROM revoked_tokens"))
    }
}
