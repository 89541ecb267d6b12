package import Model
import Store

/// Server groups.
extension ComputeService {
    package func create(_ group: ServerGroup) async throws {
        try await database.transaction { db in
            let resource = "server_groups"
            if let full = try QuotaQueries.take(
                1, of: resource, for: group.projectID, defaultLimit: QuotaQueries.defaultLimit(of: resource, db), db)
            {
                throw CloudError(.overQuota, "Quota exceeded, too many server groups. The limit is \(full.limit).")
            }
            try db.insert(group)
        }
    }

    /// Those of the caller's project, or of all projects, oldest first.
    package func serverGroups(allProjects: Bool, by caller: Caller) async throws -> [ServerGroup] {
        let project = allProjects && caller.isAdmin ? nil : try caller.project()
        return try await database.read { try ServerGroupQueries.list(of: project, $0) }
    }

    package func serverGroup(_ id: ServerGroupID, by caller: Caller) async throws -> ServerGroup {
        try await database.read { try Self.serverGroup(id, by: caller, $0) }
    }

    static func serverGroup(_ id: ServerGroupID, by caller: Caller, _ db: any Connection) throws -> ServerGroup {
        guard let found = try db.find(ServerGroup.self, key: .id(id)), caller.owns(found.projectID) else {
            throw CloudError.notFound("Instance group", id)
        }
        return found
    }

    /// The servers of groups that are not deleted.
    package func members(of groups: [ServerGroup]) async throws -> [ServerGroupID: [ServerID]] {
        let ids = groups.map(\.id)
        return try await database.read { db in
            try ids.reduce(into: [:]) { $0[$1] = try ServerGroupQueries.members(of: $1, db) }
        }
    }

    /// The members stay where they are; nothing keeps them together or apart from then on.
    package func deleteServerGroup(_ id: ServerGroupID, by caller: Caller) async throws {
        try await database.transaction { db in
            let group = try Self.serverGroup(id, by: caller, db)
            try db.delete(ServerGroup.self, key: .id(id))
            try QuotaQueries.giveBack(1, of: "server_groups", for: group.projectID, db)
        }
    }

    /// The group of which a server is a member.
    package func serverGroup(of server: ServerID) async throws -> ServerGroupID? {
        try await database.read { try ServerGroupQueries.group(of: server, $0)?.id }
    }
}

extension CreationPlan {
    /// The group of the request as it is now, with room for `count` members more.
    func joinGroup(_ count: Int, _ db: any Connection) throws -> ServerGroup? {
        guard let id = hints.group else { return nil }
        guard let group = try db.find(ServerGroup.self, key: .id(id)) else {
            throw CloudError.badRequest("Instance group \(id) could not be found.")
        }
        let resource = "server_group_members"
        let limit =
            try QuotaQueries.find(resource, of: project, db)?.limit ?? QuotaQueries.defaultLimit(of: resource, db)
        let members = try ServerGroupQueries.memberCount(of: id, db)
        guard limit < 0 || members + count <= limit else {
            throw CloudError(
                .overQuota,
                "Quota exceeded, too many servers in group. It has \(members), \(count) more were asked for, "
                    + "the limit is \(limit).")
        }
        return group
    }
}
