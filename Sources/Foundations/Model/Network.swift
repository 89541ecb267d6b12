/// Neutron's network.
package struct Network: Sendable, Equatable {
    package var id: NetworkID
    package var projectID: ProjectID
    package var name: String
    package var description: String = ""
    package var adminStateUp: Bool = true
    package var isShared: Bool = false
    package var isExternal: Bool = false
    package var isDefault: Bool = false
    package var portSecurityEnabled: Bool = true
    package var mtu: Int = 1500
    /// VXLAN network identifier; unique in the cloud.
    package var segmentationID: Int
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: NetworkID, projectID: ProjectID, name: String, description: String = "", adminStateUp: Bool = true,
        isShared: Bool = false, isExternal: Bool = false, isDefault: Bool = false, portSecurityEnabled: Bool = true,
        mtu: Int = 1500, segmentationID: Int, tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.description = description
        self.adminStateUp = adminStateUp
        self.isShared = isShared
        self.isExternal = isExternal
        self.isDefault = isDefault
        self.portSecurityEnabled = portSecurityEnabled
        self.mtu = mtu
        self.segmentationID = segmentationID
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
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

    package init(
        id: SubnetID, networkID: NetworkID, projectID: ProjectID, name: String = "", description: String = "",
        ipVersion: Int, cidr: String, gatewayIP: String? = nil, enableDHCP: Bool = true,
        dnsNameservers: JSONText<[String]>, hostRoutes: JSONText<[SubnetRoute]>,
        allocationPools: JSONText<[AddressRange]>, ipv6AddressMode: String? = nil, ipv6RAMode: String? = nil,
        tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp
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
    }
}

package struct FixedIP: Codable, Sendable, Equatable, Hashable {
    package var subnetID: SubnetID
    package var ipAddress: String

    package init(
        subnetID: SubnetID, ipAddress: String
    ) {
        self.subnetID = subnetID
        self.ipAddress = ipAddress
    }

    enum CodingKeys: String, CodingKey {
        case subnetID = "subnet_id"
        case ipAddress = "ip_address"
    }
}

package struct AllowedAddressPair: Codable, Sendable, Equatable {
    package var ipAddress: String
    package var macAddress: String

    package init(
        ipAddress: String, macAddress: String
    ) {
        self.ipAddress = ipAddress
        self.macAddress = macAddress
    }

    enum CodingKeys: String, CodingKey {
        case ipAddress = "ip_address"
        case macAddress = "mac_address"
    }
}

package struct Port: Sendable, Equatable {
    package var id: PortID
    package var networkID: NetworkID
    package var projectID: ProjectID
    package var name: String = ""
    package var description: String = ""
    package var adminStateUp: Bool = true
    package var macAddress: String
    package var fixedIPs: JSONText<[FixedIP]>
    package var deviceID: String = ""
    package var deviceOwner: String = ""
    package var securityGroups: JSONText<[SecurityGroupID]>
    package var portSecurityEnabled: Bool = true
    package var allowedAddressPairs: JSONText<[AllowedAddressPair]>
    /// The host the port is bound to; empty when unbound.
    package var bindingHost: String = ""
    package var bindingProfile: String = "{}"
    package var vnicType: String = "normal"
    /// `DOWN`, `BUILD` or `ACTIVE`.
    package var status: String = "DOWN"
    package var dnsName: String = ""
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: PortID, networkID: NetworkID, projectID: ProjectID, name: String = "", description: String = "",
        adminStateUp: Bool = true, macAddress: String, fixedIPs: JSONText<[FixedIP]>, deviceID: String = "",
        deviceOwner: String = "", securityGroups: JSONText<[SecurityGroupID]>, portSecurityEnabled: Bool = true,
        allowedAddressPairs: JSONText<[AllowedAddressPair]>, bindingHost: String = "", bindingProfile: String = "{}",
        vnicType: String = "normal", status: String = "DOWN", dnsName: String = "", tags: JSONText<[String]>,
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.networkID = networkID
        self.projectID = projectID
        self.name = name
        self.description = description
        self.adminStateUp = adminStateUp
        self.macAddress = macAddress
        self.fixedIPs = fixedIPs
        self.deviceID = deviceID
        self.deviceOwner = deviceOwner
        self.securityGroups = securityGroups
        self.portSecurityEnabled = portSecurityEnabled
        self.allowedAddressPairs = allowedAddressPairs
        self.bindingHost = bindingHost
        self.bindingProfile = bindingProfile
        self.vnicType = vnicType
        self.status = status
        self.dnsName = dnsName
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

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

    package init(
        id: RouterID, projectID: ProjectID, name: String = "", description: String = "", adminStateUp: Bool = true,
        gatewayNetworkID: NetworkID? = nil, gatewayPortID: PortID? = nil, snatEnabled: Bool = true,
        routes: JSONText<[SubnetRoute]>, tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp
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
    }
}

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

    package init(
        id: FloatingIPID, projectID: ProjectID, description: String = "", networkID: NetworkID, address: String,
        holderPortID: PortID, portID: PortID? = nil, fixedAddress: String? = nil, routerID: RouterID? = nil,
        tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp
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
    }
}

package struct SecurityGroup: Sendable, Equatable {
    package var id: SecurityGroupID
    package var projectID: ProjectID
    package var name: String
    package var description: String = ""
    package var stateful: Bool = true
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: SecurityGroupID, projectID: ProjectID, name: String, description: String = "", stateful: Bool = true,
        tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.description = description
        self.stateful = stateful
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
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

    package init(
        id: SecurityGroupRuleID, securityGroupID: SecurityGroupID, projectID: ProjectID, description: String = "",
        direction: String, etherType: String, transport: String? = nil, portMin: Int? = nil, portMax: Int? = nil,
        remotePrefix: String? = nil, remoteGroupID: SecurityGroupID? = nil, createdAt: Timestamp
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
    }
}
