package struct FloatingIP: Sendable, Equatable {
    package var id: FloatingIPID
    package var projectID: ProjectID
    package var description: String = ""
    package var networkID: NetworkID
    package var address: String
    /// The port that holds the address in the external network.
    package var holderPortID: PortID
    package var portID: PortID?
    package var fixedAddress: String?
    package var routerID: RouterID?
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var dnsName: String = ""
    package var dnsDomain: String = ""
    package var revision: Int = 0

    package init(
        id: FloatingIPID, projectID: ProjectID, description: String = "", networkID: NetworkID, address: String,
        holderPortID: PortID, portID: PortID? = nil, fixedAddress: String? = nil, routerID: RouterID? = nil,
        tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp, dnsName: String = "",
        dnsDomain: String = "", revision: Int = 0
    ) {
        self.id = id
        self.projectID = projectID
        self.description = description
        self.networkID = networkID
        self.address = address
        self.holderPortID = holderPortID
        self.portID = portID
        self.fixedAddress = fixedAddress
        self.routerID = routerID
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.dnsName = dnsName
        self.dnsDomain = dnsDomain
        self.revision = revision
    }
}
