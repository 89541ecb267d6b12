package import Model

extension ServerGroup: KeyedRecord {
    package static var table: String { "server_groups" }
    package static let columns = [
        "id", "project_id", "user_id", "name", "policy", "max_server_per_host", "created_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), userID: row.id(), name: row.text(), policy: try row.raw(),
            maxServerPerHost: row.optionalInt(), createdAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .id(userID), .text(name), .raw(policy), .int(maxServerPerHost), .time(createdAt),
        ]
    }
}

extension ServerGroupMember: KeyedRecord {
    package static var table: String { "server_group_members" }
    package static let columns = [
        "server_id", "group_id",
    ]

    package init(row: inout RowReader) throws {
        self.init(serverID: row.id(), groupID: row.id())
    }

    package var values: [SQLValue] {
        [
            .id(serverID), .id(groupID),
        ]
    }
}

package enum ServerGroupQueries {
    /// Oldest first; those of every project when `project` is `nil`.
    package static func list(of project: ProjectID?, _ db: any Connection) throws -> [ServerGroup] {
        guard let project else { return try db.fetch(ServerGroup.self, "ORDER BY created_at, id") }
        return try db.fetch(ServerGroup.self, "WHERE project_id = ?1 ORDER BY created_at, id", [.id(project)])
    }

    /// The servers of a group that are not deleted, oldest first.
    package static func members(of group: ServerGroupID, _ db: any Connection) throws -> [ServerID] {
        try db.texts(
            """
            SELECT servers.id FROM server_group_members JOIN servers ON servers.id = server_group_members.server_id
            WHERE server_group_members.group_id = ?1 AND servers.deleted_at IS NULL
            ORDER BY servers.created_at, servers.id
            """, [.id(group)]
        ).map { ServerID($0) }
    }

    package static func group(of server: ServerID, _ db: any Connection) throws -> ServerGroup? {
        try db.first(
            ServerGroup.self, "WHERE id = (SELECT group_id FROM server_group_members WHERE server_id = ?1)",
            [.id(server)])
    }

    /// How many members each host holds, `server` itself left out. A server that could not be built is on no host.
    package static func membersByHost(
        of group: ServerGroupID, without server: ServerID?, _ db: any Connection
    ) throws -> [HostID: Int] {
        var found: [HostID: Int] = [:]
        try db.forEach(
            """
            SELECT servers.host_id, count(*)
            FROM server_group_members JOIN servers ON servers.id = server_group_members.server_id
            WHERE server_group_members.group_id = ?1 AND servers.id <> ?2 AND servers.deleted_at IS NULL
                AND servers.host_id IS NOT NULL AND (servers.settled <> 'error' OR servers.launched_at IS NOT NULL)
            GROUP BY servers.host_id
            """,
            [.id(group), .text(server?.text ?? "")]
        ) { found[HostID($0.text(0))] = Int($0.integer(1)) }
        return found
    }

    package static func memberCount(of group: ServerGroupID, _ db: any Connection) throws -> Int {
        Int(
            try db.integer("SELECT count(*) FROM server_group_members WHERE group_id = ?1", [.id(group)]) ?? 0)
    }

    package static func leave(_ server: ServerID, _ db: any Connection) throws {
        try db.delete(ServerGroupMember.self, key: .id(server))
    }
}
