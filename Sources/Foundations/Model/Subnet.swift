package struct Subnet: Sendable, Equatable {
    package var id: SubnetID
    package var networkID: NetworkID
    package var projectID: ProjectID
    package var name: String = ""
    package var description: String = ""
    package var ipVersion: Int
    package var cidr: String
    package var gatewayIP: String?
    package var enableDHCP: Bool = true
    package var dnsNameservers: JSONText<[String]>
    package var hostRoutes: JSONText<[SubnetRoute]>
    package var allocationPools: JSONText<[AddressRange]>
    package var ipv6AddressMode: String?
    package var ipv6RAMode: String?
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var revision: Int = 0
    /// The pool that the prefix is of.
    package var subnetPoolID: SubnetPoolID?

    package init(
        id: SubnetID, networkID: NetworkID, projectID: ProjectID, name: String = "", description: String = "",
        ipVersion: Int, cidr: String, gatewayIP: String? = nil, enableDHCP: Bool = true,
        dnsNameservers: JSONText<[String]>, hostRoutes: JSONText<[SubnetRoute]>,
        allocationPools: JSONText<[AddressRange]>, ipv6AddressMode: String? = nil, ipv6RAMode: String? = nil,
        tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp, revision: Int = 0,
        subnetPoolID: SubnetPoolID? = nil
    ) {
        self.id = id
        self.networkID = networkID
        self.projectID = projectID
        self.name = name
        self.description = description
        self.ipVersion = ipVersion
        self.cidr = cidr
        self.gatewayIP = gatewayIP
        self.enableDHCP = enableDHCP
        self.dnsNameservers = dnsNameservers
        self.hostRoutes = hostRoutes
        self.allocationPools = allocationPools
        self.ipv6AddressMode = ipv6AddressMode
        self.ipv6RAMode = ipv6RAMode
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revision = revision
        self.subnetPoolID = subnetPoolID
    }
}

package struct AddressRange: Codable, Sendable, Equatable {
    package var start: String
    package var end: String

    package init(
        start: String, end: String
    ) {
        self.start = start
        self.end = end
    }
}

package struct SubnetRoute: Codable, Sendable, Equatable {
    package var destination: String
    package var nexthop: String

    package init(
        destination: String, nexthop: String
    ) {
        self.destination = destination
        self.nexthop = nexthop
    }
}
