package import Attributes
package import Model
import Store
import Wire

/// Domains and the trees of projects in them.
extension IdentityService {
    /// How many projects stand one below the other, with the domain above them (Keystone's default).
    private static let deepest = 6

    package func create(domain wishes: Wishes<Domain>) async throws -> DomainID {
        let id = wishes["explicit_domain_id"].map { DomainID($0.text) } ?? .randomUndashed()
        try await create(Domain(id: id, name: ""), wishes, noun: "domain") { domain, db in
            try Self.refuseFederated(domain)
            guard try db.find(Project.self, key: .id(domain.id)) == nil else {
                throw CloudError(
                    .conflict, "Conflict occurred attempting to store domain - Duplicate ID, \(domain.id).")
            }
        }
        return id
    }

    private static func refuseFederated(_ domain: Domain) throws {
        guard domain.name.lowercased() != "federated" else {
            throw CloudError(.forbidden, "Domain cannot be named \(domain.name)")
        }
    }

    /// A disabling ends the tokens of the domain's users, and those for it and its projects.
    package func update(domain id: String, _ wishes: Wishes<Domain>) async throws {
        try await update(Domain.self, id, wishes, noun: "domain") { old, new, _ in
            try Self.refuseFederated(new)
            if old.enabled, !new.enabled { new.epoch += 1 }
        }
    }

    /// `domain` is that of the caller's token, where it has one.
    package func create(project wishes: Wishes<Project>, domain: DomainID?) async throws -> ProjectID {
        let id = ProjectID.randomUndashed()
        guard wishes["is_domain"] != true else {
            try await createDomain(id, wishes)
            return id
        }
        let domainID = wishes["domain_id"].map { DomainID($0.text) } ?? domain ?? Domain.defaultID
        let parentID = wishes["parent_id"]?.optionalText
        try await create(Project(id: id, name: "", domainID: domainID), wishes, noun: "project") { project, db in
            guard let domain = try db.find(Domain.self, key: .id(domainID)) else {
                throw Self.nothingAbove("domain", domainID.text)
            }
            guard domain.enabled else { throw Self.branchIsDisabled(domain.id) }
            guard let parentID, parentID != domainID.text else { return }
            try Self.check(parent: ProjectID(parentID), of: domainID, db)
            project.parentID = ProjectID(parentID)
        }
        return id
    }

    private static func branchIsDisabled(_ id: some CustomStringConvertible) -> CloudError {
        CloudError.badRequest("cannot create a project in a branch containing a disabled project: \(id)")
    }

    /// What a body names and is not there is a fault of the body: 400 and not 404.
    private static func nothingAbove(_ noun: String, _ id: String) -> CloudError {
        CloudError.badRequest(notFound(noun, id).message)
    }

    private static func check(parent id: ProjectID, of domain: DomainID, _ db: any Connection) throws {
        guard let parent = try db.find(Project.self, key: .id(id)) else {
            if try db.find(Domain.self, key: .text(id.text)) != nil {
                throw CloudError.badRequest(
                    "Cannot create project, the parent (\(id)) is acting as a domain, but this project's domain id "
                        + "(\(domain)) does not match the parent's id.")
            }
            throw nothingAbove("project", id.text)
        }
        guard parent.domainID == domain else {
            throw CloudError.badRequest(
                "Cannot create project, since it specifies its domain_id \(domain), but specifies a parent in a "
                    + "different domain (\(parent.domainID)).")
        }
        let branch = [parent] + (try GrantQueries.parents(of: parent, db))
        if let disabled = branch.first(where: { !$0.enabled }) { throw branchIsDisabled(disabled.id) }
        guard branch.count + 2 <= deepest else {
            throw CloudError(.forbidden, "Max hierarchy depth reached for \(id) branch.")
        }
    }

    /// A project that acts as a domain is a domain.
    private func createDomain(_ id: ProjectID, _ wishes: Wishes<Project>) async throws {
        guard wishes["parent_id"] == nil, wishes["domain_id"] == nil else {
            throw CloudError.badRequest("only root projects are allowed to act as domains.")
        }
        try await naming("project") { [self] in
            try await change { db in
                var project = Project(id: id, name: "", domainID: DomainID(""))
                try wishes.apply(to: &project)
                let domain = Domain(project)
                try Self.refuseFederated(domain)
                try db.insert(domain)
            }
        }
    }

    package func update(project id: String, _ wishes: Wishes<Project>) async throws {
        if let domain = try await database.read({ try $0.find(Domain.self, key: .text(id)) }) {
            return try await update(domain, as: wishes)
        }
        try await update(Project.self, id, wishes, noun: "project") { old, new, db in
            if let domain = wishes["domain_id"], domain.text != old.domainID.text {
                throw CloudError.badRequest("Cannot change Domain ID")
            }
            if let parent = wishes["parent_id"], parent.text != old.parentID?.text ?? old.domainID.text {
                throw CloudError(.forbidden, "Update of `parent_id` is not allowed.")
            }
            guard wishes["is_domain"] != true else {
                throw CloudError.badRequest("Update of `is_domain` is not allowed.")
            }
            try Self.check(old, becomes: &new, db)
        }
    }

    /// Refuses to disable a project above enabled ones, and to enable one below a disabled one.
    private static func check(_ old: Project, becomes new: inout Project, _ db: any Connection) throws {
        if old.enabled, !new.enabled {
            guard try !GrantQueries.subtree(of: old.id, db).contains(where: \.enabled) else {
                throw CloudError(
                    .forbidden,
                    "Cannot disable project \(old.id) since its subtree contains enabled projects.")
            }
            new.epoch += 1
        }
        if !old.enabled, new.enabled, try GrantQueries.parents(of: old, db).contains(where: { !$0.enabled }) {
            throw CloudError(.forbidden, "Cannot enable project \(old.id) since it has disabled parents")
        }
    }

    private func update(_ domain: Domain, as wishes: Wishes<Project>) async throws {
        guard wishes["is_domain"] != false else {
            throw CloudError.badRequest("Update of `is_domain` is not allowed.")
        }
        guard wishes["domain_id"] == nil else { throw CloudError.badRequest("Cannot change Domain ID") }
        guard wishes["parent_id"] == nil else {
            throw CloudError(.forbidden, "Update of `parent_id` is not allowed.")
        }
        let isImmutable = try KeptObject.flag("immutable", in: domain.options)
        let wanted = wishes["options"]?["immutable"]
        guard !isImmutable || (wishes.names == ["options"] && (wanted == .null || wanted == false)) else {
            throw Self.immutable("update", "domain", domain.id.text)
        }
        try await naming("domain") { [self] in
            try await change { db in
                guard let old = try db.find(Domain.self, key: .id(domain.id)) else {
                    throw Self.notFound("project", domain.id.text)
                }
                var project = Project(old)
                try wishes.apply(to: &project)
                var new = Domain(project)
                new.epoch = old.enabled && !new.enabled ? old.epoch + 1 : old.epoch
                try db.update(new)
            }
        }
    }

    package func delete(project id: ProjectID) async throws {
        guard try await database.read({ try $0.find(Domain.self, key: .text(id.text)) }) == nil else {
            return try await delete(domain: DomainID(id.text))
        }
        try await change { db in
            guard let project = try db.find(Project.self, key: .id(id)) else { throw Self.notFound("project", id.text) }
            guard try !KeptObject.flag("immutable", in: project.options) else {
                throw Self.immutable("delete", "project", id.text)
            }
            guard try db.first(Project.self, "WHERE parent_id = ?1", [.id(id)]) == nil else {
                throw CloudError(
                    .forbidden,
                    "Cannot delete the project \(id) since it is not a leaf in the hierarchy. Delete what is below it "
                        + "first.")
            }
            try Self.delete(project, db)
        }
    }

    private static func delete(_ project: Project, _ db: any Connection) throws {
        try IdentityQueries.deleteAssignments(on: project.id.text, db)
        try db.execute("DELETE FROM credentials WHERE project_id = ?1", [.id(project.id)])
        try db.delete(Project.self, key: .id(project.id))
    }

    /// A domain goes with all that is in it, and only when it is disabled.
    package func delete(domain id: DomainID) async throws {
        try await change { db in
            guard let domain = try db.find(Domain.self, key: .id(id)) else { throw Self.notFound("domain", id.text) }
            guard try !KeptObject.flag("immutable", in: domain.options) else {
                throw Self.immutable("delete", "domain", id.text)
            }
            guard !domain.enabled else {
                throw CloudError(.forbidden, "Cannot delete a domain that is enabled, please disable it first.")
            }
            for project in try db.fetch(Project.self, "WHERE domain_id = ?1", [.id(id)]) {
                try Self.delete(project, db)
            }
            for table in ["user_groups", "users", "roles"] {
                try db.execute("DELETE FROM \(table) WHERE domain_id = ?1", [.id(id)])
            }
            try IdentityQueries.deleteAssignments(on: id.text, db)
            try db.delete(Domain.self, key: .id(id))
        }
    }

    /// The tags of a project, or what becomes of them.
    package func tags(of id: String) async throws -> [String] {
        try await database.read { try Self.tagged(id, $0).tags.value() }
    }

    package func retag(_ id: String, _ edit: @escaping @Sendable ([String]) throws -> [String]) async throws -> [String]
    {
        try await change { db in
            var project = try Self.tagged(id, db)
            guard try !KeptObject.flag("immutable", in: project.options) else {
                throw CloudError(
                    .forbidden,
                    "Cannot update project tags for \(id), project is immutable. Set \"immutable\" option to false "
                        + "before creating project tags.")
            }
            let wanted = JSONValue.array(try edit(try project.tags.value()).map { .string($0) })
            do {
                project.tags = try JSONText(AttributeType.projectTags.converted(wanted, lenient: false).texts)
            } catch let fault as AttributeFault {
                throw CloudError.badRequest("Invalid input for field/attribute tags. \(fault.reason).")
            }
            try db.update(project)
            return try project.tags.value()
        }
    }

    private static func tagged(_ id: String, _ db: any Connection) throws -> Project {
        guard let project = try db.find(Project.self, key: .text(id)) else { throw notFound("project", id) }
        return project
    }

    package func parents(of id: String) async throws -> [Project] {
        try await database.read { db in
            try db.find(Project.self, key: .text(id)).map { try GrantQueries.parents(of: $0, db) } ?? []
        }
    }

    /// The projects below a project or a domain, each behind its parent.
    package func subtree(of id: String) async throws -> [Project] {
        try await database.read { db in
            guard try db.find(Domain.self, key: .text(id)) == nil else {
                return try db.fetch(Project.self, "WHERE domain_id = ?1 ORDER BY name", [.text(id)])
            }
            return try GrantQueries.subtree(of: ProjectID(id), db)
        }
    }

    /// The projects and the domains in which a user has a role.
    package func projects(of user: UserID) async throws -> Set<ProjectID> {
        try await database.read { try GrantQueries.projects(of: user, $0) }
    }

    package func isOfSystem(_ user: UserID) async throws -> Bool {
        try await database.read { try !GrantQueries.roles(of: user, on: .system, "all", $0).isEmpty }
    }

    package func domains(of user: UserID) async throws -> Set<DomainID> {
        try await database.read { try GrantQueries.domains(of: user, $0) }
    }
}

extension Domain {
    fileprivate init(_ project: Project) {
        self.init(
            id: DomainID(project.id.text), name: project.name, description: project.description,
            enabled: project.enabled, tags: project.tags, options: project.options, extra: project.extra)
    }
}

extension Project {
    fileprivate init(_ domain: Domain) {
        self.init(
            id: ProjectID(domain.id.text), name: domain.name, domainID: DomainID(""), description: domain.description,
            enabled: domain.enabled, tags: domain.tags, options: domain.options, extra: domain.extra)
    }
}

/// Where things are, for who asks whether they may.
extension IdentityService {
    package func domain(of user: UserID) async throws -> DomainID? {
        try await database.read { try $0.find(User.self, key: .id(user))?.domainID }
    }

    /// None for a project that acts as a domain.
    package func domain(of project: ProjectID) async throws -> DomainID? {
        try await database.read { try $0.find(Project.self, key: .id(project))?.domainID }
    }

    package func domain(of group: UserGroupID) async throws -> DomainID? {
        try await database.read { try $0.find(UserGroup.self, key: .id(group))?.domainID }
    }

    /// The domain of a token's scope.
    package func domain(of caller: Caller) async throws -> DomainID? {
        switch caller.scope {
        case .domain(let id): id
        case .project(let id): try await domain(of: id)
        case .system, .unscoped: nil
        }
    }
}
