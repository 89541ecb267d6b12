package import Model

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

    package static func deleteAssignments(on target: String, _ db: any Connection) throws {
        try db.execute("DELETE FROM role_assignments WHERE target_id = ?1", [.text(target)])
        try db.execute("DELETE FROM group_assignments WHERE target_id = ?1", [.text(target)])
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
