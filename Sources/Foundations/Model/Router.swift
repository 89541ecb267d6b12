package struct Router: Sendable, Equatable {
    package var id: RouterID
    package var projectID: ProjectID
    package var name: String = ""
    package var description: String = ""
    package var adminStateUp: Bool = true
    package var gatewayNetworkID: NetworkID?
    package var gatewayPortID: PortID?
    package var snatEnabled: Bool = true
    package var routes: JSONText<[SubnetRoute]>
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var availabilityZoneHints: JSONText<[String]> = JSONText(raw: "[]")
    package var revision: Int = 0

    package init(
        id: RouterID, projectID: ProjectID, name: String = "", description: String = "", adminStateUp: Bool = true,
        gatewayNetworkID: NetworkID? = nil, gatewayPortID: PortID? = nil, snatEnabled: Bool = true,
        routes: JSONText<[SubnetRoute]>, tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp,
        availabilityZoneHints: JSONText<[String]> = JSONText(raw: "[]"), revision: Int = 0
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.description = description
        self.adminStateUp = adminStateUp
        self.gatewayNetworkID = gatewayNetworkID
        self.gatewayPortID = gatewayPortID
        self.snatEnabled = snatEnabled
        self.routes = routes
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.availabilityZoneHints = availabilityZoneHints
        self.revision = revision
    }
}
