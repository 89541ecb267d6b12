package struct SecurityGroup: Sendable, Equatable {
    package var id: SecurityGroupID
    package var projectID: ProjectID
    package var name: String
    package var description: String = ""
    package var stateful: Bool = true
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var revision: Int = 0

    package init(
        id: SecurityGroupID, projectID: ProjectID, name: String, description: String = "", stateful: Bool = true,
        tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp, revision: Int = 0
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.description = description
        self.stateful = stateful
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revision = revision
    }
}

package struct SecurityGroupRule: Sendable, Equatable {
    package var id: SecurityGroupRuleID
    package var securityGroupID: SecurityGroupID
    package var projectID: ProjectID
    package var description: String = ""
    /// `ingress` or `egress`.
    package var direction: String
    /// `IPv4` or `IPv6`.
    package var etherType: String
    package var transport: String?
    package var portMin: Int?
    package var portMax: Int?
    package var remotePrefix: String?
    package var remoteGroupID: SecurityGroupID?
    package var createdAt: Timestamp
    package var tags: JSONText<[String]> = JSONText(raw: "[]")
    package var updatedAt: Timestamp
    package var revision: Int = 0

    package init(
        id: SecurityGroupRuleID, securityGroupID: SecurityGroupID, projectID: ProjectID, description: String = "",
        direction: String, etherType: String, transport: String? = nil, portMin: Int? = nil, portMax: Int? = nil,
        remotePrefix: String? = nil, remoteGroupID: SecurityGroupID? = nil, createdAt: Timestamp,
        tags: JSONText<[String]> = JSONText(raw: "[]"), updatedAt: Timestamp? = nil, revision: Int = 0
    ) {
        self.id = id
        self.securityGroupID = securityGroupID
        self.projectID = projectID
        self.description = description
        self.direction = direction
        self.etherType = etherType
        self.transport = transport
        self.portMin = portMin
        self.portMax = portMax
        self.remotePrefix = remotePrefix
        self.remoteGroupID = remoteGroupID
        self.createdAt = createdAt
        self.tags = tags
        self.updatedAt = updatedAt ?? createdAt
        self.revision = revision
    }
}
