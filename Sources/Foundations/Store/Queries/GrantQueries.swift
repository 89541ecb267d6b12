package import Model

/// Who has which role where, also by groups and from above.
package enum GrantQueries {

    /// All grants of a user and of the user's groups, as grants of the user.
    package static func grants(of user: UserID, _ db: any Connection) throws -> [RoleAssignment] {
        try db.fetch(RoleAssignment.self, "WHERE user_id = ?1", [.id(user)])
            + groupGrants(of: user, db).map { grant in
                RoleAssignment(
                    userID: user, target: grant.target, targetID: grant.targetID, roleID: grant.roleID,
                    isInherited: grant.isInherited)
            }
    }

    package static func groupGrants(of user: UserID, _ db: any Connection) throws -> [GroupAssignment] {
        try db.fetch(
            GroupAssignment.self, "WHERE group_id IN (SELECT group_id FROM group_members WHERE user_id = ?1)",
            [.id(user)])
    }

    /// The roles of a user in a scope, without implied ones.
    package static func roles(
        of user: UserID, on target: RoleAssignment.Target, _ id: String, _ db: any Connection
    ) throws -> [Role] {
        let above = target == .project ? try above(ProjectID(id), db) : []
        let roles = try grants(of: user, db).filter { grant in
            grant.isInherited
                ? above.contains { $0.target == grant.target && $0.id == grant.targetID }
                : grant.target == target && grant.targetID == id
        }.map(\.roleID)
        return try self.roles(Set(roles), db)
    }

    package static func roles(_ ids: Set<RoleID>, _ db: any Connection) throws -> [Role] {
        try ids.compactMap { try db.find(Role.self, key: .id($0)) }.sorted { $0.name < $1.name }
    }

    /// The projects above a project, the nearest first, and its domain.
    package static func above(
        _ project: ProjectID, _ db: any Connection
    ) throws -> [(target: RoleAssignment.Target, id: String)] {
        guard let found = try db.find(Project.self, key: .id(project)) else { return [] }
        return try parents(of: found, db).map { (.project, $0.id.text) } + [(.domain, found.domainID.text)]
    }

    /// The projects above a project, the nearest first.
    package static func parents(of project: Project, _ db: any Connection) throws -> [Project] {
        var found: [Project] = []
        var next = project.parentID
        while let id = next, let parent = try db.find(Project.self, key: .id(id)) {
            found.append(parent)
            next = parent.parentID
        }
        return found
    }

    /// The projects below a project, each behind its parent.
    package static func subtree(of project: ProjectID, _ db: any Connection) throws -> [Project] {
        var found: [Project] = []
        var open = [project]
        while let parent = open.popLast() {
            let children = try db.fetch(Project.self, "WHERE parent_id = ?1 ORDER BY name", [.id(parent)])
            found += children
            open += children.map(\.id)
        }
        return found
    }

    /// Where a user has a role: the ids of projects.
    package static func projects(of user: UserID, _ db: any Connection) throws -> Set<ProjectID> {
        var found: Set<ProjectID> = []
        for grant in try grants(of: user, db) {
            switch (grant.target, grant.isInherited) {
            case (.project, false): found.insert(ProjectID(grant.targetID))
            case (.project, true): found.formUnion(try subtree(of: ProjectID(grant.targetID), db).map(\.id))
            case (.domain, true):
                found.formUnion(
                    try db.texts("SELECT id FROM projects WHERE domain_id = ?1", [.text(grant.targetID)]).map {
                        ProjectID($0)
                    })
            case (.domain, false), (.system, _): break
            }
        }
        return found
    }

    package static func domains(of user: UserID, _ db: any Connection) throws -> Set<DomainID> {
        Set(
            try grants(of: user, db).filter { $0.target == .domain && !$0.isInherited }.map {
                DomainID($0.targetID)
            })
    }
}
