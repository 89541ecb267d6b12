package import Attributes
package import Model
import Store
import Wire

extension IdentityService {
    package func create(group wishes: Wishes<UserGroup>, domain: DomainID?) async throws -> UserGroupID {
        let domainID = wishes["domain_id"].map { DomainID($0.text) } ?? domain ?? Domain.defaultID
        let draft = UserGroup(id: .randomUndashed(), name: "", domainID: domainID)
        try await create(draft, wishes, noun: "group") { _, db in try Self.check(domain: domainID, db) }
        return draft.id
    }

    package func update(group id: String, _ wishes: Wishes<UserGroup>) async throws {
        try await update(UserGroup.self, id, wishes, noun: "group") { old, _, _ in
            if let domain = wishes["domain_id"], domain.text != old.domainID.text {
                throw CloudError.badRequest("Cannot change Domain ID")
            }
        }
    }

    package func create(role wishes: Wishes<Role>) async throws -> RoleID {
        let domainID = wishes["domain_id"].map { DomainID($0.text) }
        let draft = Role(id: .randomUndashed(), name: "", domainID: domainID)
        try await create(draft, wishes, noun: "role") { _, db in
            guard try domainID.map({ try db.find(Domain.self, key: .id($0)) != nil }) ?? true else {
                throw Self.notFound("domain", domainID?.text ?? "")
            }
        }
        return draft.id
    }

    package func update(role id: String, _ wishes: Wishes<Role>) async throws {
        try await update(Role.self, id, wishes, noun: "role") { old, _, _ in
            if let domain = wishes["domain_id"], domain.text != old.domainID?.text {
                throw CloudError.badRequest("Update of `domain_id` is not allowed.")
            }
        }
    }

    package func add(_ user: UserID, to group: UserGroupID) async throws {
        try await change { db in
            try Self.check(user, group, db)
            try db.execute(
                "INSERT INTO group_members (group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [.id(group), .id(user)])
        }
    }

    package func remove(_ user: UserID, from group: UserGroupID) async throws {
        try await change { db in
            try Self.check(user, group, db)
            let gone = try db.execute(
                "DELETE FROM group_members WHERE group_id = ?1 AND user_id = ?2", [.id(group), .id(user)])
            guard gone > 0 else { throw Self.noMember(user, group) }
        }
    }

    package func holds(_ group: UserGroupID, _ user: UserID) async throws {
        try await database.read { db in
            try Self.check(user, group, db)
            let row = try db.integer(
                "SELECT 1 FROM group_members WHERE group_id = ?1 AND user_id = ?2", [.id(group), .id(user)])
            guard row != nil else { throw Self.noMember(user, group) }
        }
    }

    private static func noMember(_ user: UserID, _ group: UserGroupID) -> CloudError {
        CloudError(.notFound, "User \(user) not found in group \(group)")
    }

    private static func check(_ user: UserID, _ group: UserGroupID, _ db: any Connection) throws {
        guard try db.find(UserGroup.self, key: .id(group)) != nil else { throw notFound("group", group.text) }
        guard try db.find(User.self, key: .id(user)) != nil else { throw notFound("user", user.text) }
    }
}
