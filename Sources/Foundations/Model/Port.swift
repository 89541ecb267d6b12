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
    /// What binds it to a NIC of a server, JSON.
    package var bindingProfile: String = "{}"
    package var vnicType: String = "normal"
    /// `DOWN`, `BUILD` or `ACTIVE`.
    package var status: String = "DOWN"
    package var dnsName: String = ""
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// `binding:profile` as clients gave it, JSON.
    package var profile: String = "{}"
    package var revision: Int = 0

    package init(
        id: PortID, networkID: NetworkID, projectID: ProjectID, name: String = "", description: String = "",
        adminStateUp: Bool = true, macAddress: String, fixedIPs: JSONText<[FixedIP]>, deviceID: String = "",
        deviceOwner: String = "", securityGroups: JSONText<[SecurityGroupID]>, portSecurityEnabled: Bool = true,
        allowedAddressPairs: JSONText<[AllowedAddressPair]>, bindingHost: String = "", bindingProfile: String = "{}",
        vnicType: String = "normal", status: String = "DOWN", dnsName: String = "", tags: JSONText<[String]>,
        createdAt: Timestamp, updatedAt: Timestamp, profile: String = "{}",
        revision: Int = 0
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
        self.profile = profile
        self.revision = revision
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
