package import Model
import Store

/// Who has a role: one user, or all of a group.
package enum Actor: Sendable, Equatable {
    case user(UserID)
    case group(UserGroupID)
}

/// A role given to somebody somewhere.
package struct Grant: Sendable {
    package var actor: Actor
    package var target: RoleAssignment.Target
    package var targetID: String
    package var roleID: RoleID
    package var isInherited: Bool

    package init(
        actor: Actor, target: RoleAssignment.Target, targetID: String, roleID: RoleID, isInherited: Bool = false
    ) {
        self.actor = actor
        self.target = target
        self.targetID = targetID
        self.roleID = roleID
        self.isInherited = isInherited
    }

    fileprivate var record: any IdentityRecord {
        switch actor {
        case .user(let id):
            RoleAssignment(userID: id, target: target, targetID: targetID, roleID: roleID, isInherited: isInherited)
        case .group(let id):
            GroupAssignment(groupID: id, target: target, targetID: targetID, roleID: roleID, isInherited: isInherited)
        }
    }
}

extension IdentityService {
    /// Grants a role to a user; granting it again changes nothing.
    package func grant(_ assignment: RoleAssignment) async throws {
        try await naming("role assignment") { [self] in
            try await change { _ = try $0.insertIfAbsent(assignment) }
        }
    }

    package func grant(_ grant: Grant) async throws {
        try await change { db in
            try Self.check(grant, db)
            try db.insertIfAbsent(grant.record)
        }
    }

    package func ungrant(_ grant: Grant) async throws {
        try await change { db in
            try Self.check(grant, mayBeGone: true, db)
            guard try Self.delete(grant.record, db) else { throw Self.noGrant(grant.roleID) }
        }
    }

    private static func delete<Kept: IdentityRecord>(_ record: Kept, _ db: any Connection) throws -> Bool {
        guard let key = record.values.first else { return false }
        return try db.delete(Kept.self, key: key)
    }

    static func noGrant(_ role: RoleID) -> CloudError {
        CloudError(.notFound, "Could not find role assignment with role: \(role), and what stands beside it.")
    }

    /// The roles that were granted so, in this very place.
    package func roles(_ actor: Actor, on target: RoleAssignment.Target, _ id: String, inherited: Bool) async throws
        -> Set<RoleID>
    {
        try await database.read { db in
            _ = try Self.domain(of: target, id, db)
            try Self.check(actor, db)
            let place: [SQLValue] = [.raw(target), .text(id), .bool(inherited)]
            let tail = "target = ?2 AND target_id = ?3 AND inherited = ?4"
            switch actor {
            case .user(let user):
                return Set(
                    try db.fetch(RoleAssignment.self, "WHERE user_id = ?1 AND \(tail)", [.id(user)] + place).map(
                        \.roleID))
            case .group(let group):
                return Set(
                    try db.fetch(GroupAssignment.self, "WHERE group_id = ?1 AND \(tail)", [.id(group)] + place)
                        .map(\.roleID))
            }
        }
    }

    /// Refuses grants to, of and on what is not there, and roles of a domain outside it.
    private static func check(_ grant: Grant, mayBeGone: Bool = false, _ db: any Connection) throws {
        guard let role = try db.find(Role.self, key: .id(grant.roleID)) else {
            throw notFound("role", grant.roleID.text)
        }
        if !mayBeGone { try check(grant.actor, db) }
        let domain = try domain(of: grant.target, grant.targetID, db)
        guard let own = role.domainID, own != domain else { return }
        guard domain != nil else {
            throw CloudError.badRequest(
                "Role \(role.id) is a domain-specific role. Unable to use a domain-specific role in a system "
                    + "assignment.")
        }
        throw CloudError(
            .forbidden, "Project or domain \(grant.targetID) must be in the same domain as the role \(role.id).")
    }

    private static func check(_ actor: Actor, _ db: any Connection) throws {
        switch actor {
        case .user(let id):
            guard try db.find(User.self, key: .id(id)) != nil else { throw notFound("user", id.text) }
        case .group(let id):
            guard try db.find(UserGroup.self, key: .id(id)) != nil else { throw notFound("group", id.text) }
        }
    }

    private static func domain(
        of target: RoleAssignment.Target, _ id: String, _ db: any Connection
    ) throws -> DomainID? {
        switch target {
        case .project:
            guard let project = try db.find(Project.self, key: .text(id)) else { throw notFound("project", id) }
            return project.domainID
        case .domain:
            guard let domain = try db.find(Domain.self, key: .text(id)) else { throw notFound("domain", id) }
            return domain.id
        case .system: return nil
        }
    }

    package func implications() async throws -> [(prior: RoleID, implied: RoleID)] {
        try await database.read { try IdentityQueries.implications($0) }
    }

    /// Nothing implies `admin`, and a role of all domains none of one.
    package func imply(prior: RoleID, implied: RoleID) async throws {
        try await change { db in
            guard let role = try db.find(Role.self, key: .id(implied)) else {
                throw Self.notFound("role", implied.text)
            }
            guard let priorRole = try db.find(Role.self, key: .id(prior)) else {
                throw Self.notFound("role", prior.text)
            }
            guard role.name != "admin", priorRole.domainID != nil || role.domainID == nil else {
                throw CloudError(.forbidden, "\(implied) cannot be an implied roles.")
            }
            try IdentityQueries.addImplication(prior: prior, implied: implied, db)
        }
    }

    package func unimply(prior: RoleID, implied: RoleID) async throws {
        try await change { db in
            let gone = try db.execute(
                "DELETE FROM role_implications WHERE prior_role_id = ?1 AND implied_role_id = ?2",
                [.id(prior), .id(implied)])
            guard gone > 0 else { throw CloudError(.notFound, "\(prior) does not imply \(implied)") }
        }
    }
}
