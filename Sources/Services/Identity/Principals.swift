package import Model
package import Store

/// Domains, projects, users, roles and grants: plain records, changed one at a time.
extension IdentityService {
    package func find<Kept: IdentityRecord>(_ type: Kept.Type, _ id: String, noun: String) async throws -> Kept {
        guard let found = try await database.read({ try $0.find(type, key: .text(id)) }) else {
            throw CloudError.notFound(noun, id)
        }
        return found
    }

    package func list<Kept: IdentityRecord>(_ type: Kept.Type) async throws -> [Kept] {
        try await database.read { try $0.fetch(type, "ORDER BY \(Kept.order)") }
    }

    package func user(_ id: UserID) async throws -> User {
        try await find(User.self, id.text, noun: "User")
    }

    /// Inserts a record; a second of the same name is a conflict.
    package func create<Kept: IdentityRecord>(_ record: Kept, noun: String) async throws {
        try await naming(noun) { [self] in try await change { try $0.insert(record) } }
    }

    @discardableResult
    package func update<Kept: IdentityRecord>(
        _ type: Kept.Type, _ id: String, noun: String, _ edit: @escaping @Sendable (inout Kept) throws -> Void
    ) async throws -> Kept {
        try await naming(noun.lowercased()) { [self] in
            try await change { db in
                guard var record = try db.find(type, key: .text(id)) else { throw CloudError.notFound(noun, id) }
                try edit(&record)
                try db.update(record)
                return record
            }
        }
    }

    /// Inserts all that the first administrator needs in one commit.
    package func plant(_ seed: IdentitySeed) async throws {
        var administrator = seed.administrator
        administrator.passwordHash = try await passwords.hash(seed.password)
        let user = administrator
        try await change { db in
            for record in seed.records { try db.insert(record) }
            try db.insert(user)
            for grant in seed.grants { try db.insert(grant) }
            for pair in seed.implied {
                try IdentityQueries.addImplication(prior: pair.prior, implied: pair.implied, db)
            }
        }
    }

    private func naming<Result>(_ noun: String, _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(.conflict, "A \(noun) of that name exists already.", cause: error)
        } catch let error as StoreError where error.kind == .foreignKeyViolation {
            throw CloudError(.badRequest, "The \(noun) refers to something that does not exist.", cause: error)
        }
    }

    package func create(user: User, password: String?) async throws -> User {
        var user = user
        if let password { user.passwordHash = try await passwords.hash(password) }
        try await create(user, noun: "user")
        return user
    }

    /// Changes a user; a new password or a disabling ends every token of the user.
    package func update(
        user id: UserID, password: String?, _ edit: @escaping @Sendable (inout User) throws -> Void
    ) async throws -> User {
        var hash: String?
        if let password { hash = try await passwords.hash(password) }
        let newHash = hash
        return try await update(User.self, id.text, noun: "User") { user in
            let wasEnabled = user.enabled
            try edit(&user)
            if let newHash { user.passwordHash = newHash }
            if newHash != nil || (wasEnabled && !user.enabled) { user.epoch += 1 }
        }
    }

    /// Changes one's own password, given the old one.
    package func changePassword(of id: UserID, from old: String, to new: String) async throws {
        let user = try await self.user(id)
        guard try await passwords.verify(old, against: user.passwordHash) else {
            throw CloudError(.unauthorized, "The original password is not right.")
        }
        _ = try await update(user: id, password: new) { _ in }
    }

    package func deleteUser(_ id: UserID) async throws {
        try await remove(User.self, id.text, noun: "User")
    }

    package func deleteProject(_ id: ProjectID) async throws {
        try await change { db in
            try IdentityQueries.deleteAssignments(on: id.text, db)
            guard try db.delete(Project.self, key: .id(id)) else { throw CloudError.notFound("Project", id) }
        }
    }

    /// A domain goes with all that is in it, and only when it is disabled.
    package func deleteDomain(_ id: DomainID) async throws {
        try await change { db in
            guard let domain = try db.find(Domain.self, key: .id(id)) else { throw CloudError.notFound("Domain", id) }
            guard !domain.enabled else {
                throw CloudError(.forbidden, "Domain \(id) is enabled; disable it before deleting it.")
            }
            for project in try db.fetch(Project.self, "WHERE domain_id = ?1", [.id(id)]) {
                try IdentityQueries.deleteAssignments(on: project.id.text, db)
                try db.delete(Project.self, key: .id(project.id))
            }
            for user in try db.fetch(User.self, "WHERE domain_id = ?1", [.id(id)]) {
                try db.delete(User.self, key: .id(user.id))
            }
            try IdentityQueries.deleteAssignments(on: id.text, db)
            try db.delete(Domain.self, key: .id(id))
        }
    }

    package func remove<Kept: IdentityRecord>(_ type: Kept.Type, _ id: String, noun: String) async throws {
        let found = try await change { try $0.delete(type, key: .text(id)) }
        if !found { throw CloudError.notFound(noun, id) }
    }

    /// Grants a role; granting it again changes nothing.
    package func grant(_ assignment: RoleAssignment) async throws {
        try await naming("role assignment") { [self] in
            try await change { _ = try $0.insertIfAbsent(assignment) }
        }
    }

    package func ungrant(_ assignment: RoleAssignment) async throws {
        try await remove(RoleAssignment.self, assignment.key, noun: "Role assignment")
    }

    package func roles(
        of user: UserID, on target: RoleAssignment.Target, _ id: String
    ) async throws -> [Role] {
        try await database.read { try IdentityQueries.roles(of: user, on: target, id, $0) }
    }

    package func projects(of user: UserID) async throws -> [Project] {
        try await database.read { try IdentityQueries.projects(of: user, $0) }
    }

    package func implications() async throws -> [(prior: RoleID, implied: RoleID)] {
        try await database.read { try IdentityQueries.implications($0) }
    }

    package func imply(prior: RoleID, implied: RoleID) async throws {
        try await change { try IdentityQueries.addImplication(prior: prior, implied: implied, $0) }
    }
}

/// What an empty cloud begins with.
package struct IdentitySeed: Sendable {
    /// Domains, projects, roles and the catalog, in an order that foreign keys allow.
    package var records: [any Record]
    package var administrator: User
    package var password: String
    package var grants: [RoleAssignment]
    package var implied: [(prior: RoleID, implied: RoleID)]

    package init(
        records: [any Record], administrator: User, password: String, grants: [RoleAssignment],
        implied: [(prior: RoleID, implied: RoleID)]
    ) {
        self.records = records
        self.administrator = administrator
        self.password = password
        self.grants = grants
        self.implied = implied
    }
}
