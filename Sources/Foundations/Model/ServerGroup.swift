/// Servers of one project that should stand together or apart.
package struct ServerGroup: Sendable, Equatable {
    package enum Policy: String, Sendable, Codable, CaseIterable {
        case affinity
        case antiAffinity = "anti-affinity"
        case softAffinity = "soft-affinity"
        case softAntiAffinity = "soft-anti-affinity"
    }

    package var id: ServerGroupID
    package var projectID: ProjectID
    package var userID: UserID
    package var name: String
    package var policy: Policy
    /// The rule `max_server_per_host` of an anti-affinity group, if it was given; 1 holds else.
    package var maxServerPerHost: Int?
    package var createdAt: Timestamp

    package init(
        id: ServerGroupID, projectID: ProjectID, userID: UserID, name: String, policy: Policy,
        maxServerPerHost: Int? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.userID = userID
        self.name = name
        self.policy = policy
        self.maxServerPerHost = maxServerPerHost
        self.createdAt = createdAt
    }
}

/// A server is a member of one group at most.
package struct ServerGroupMember: Sendable, Equatable {
    package var serverID: ServerID
    package var groupID: ServerGroupID

    package init(serverID: ServerID, groupID: ServerGroupID) {
        self.serverID = serverID
        self.groupID = groupID
    }
}
