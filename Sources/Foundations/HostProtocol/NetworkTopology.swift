package import Model

/// All the networking one host has to make: the whole of it, every time. A plan is a pure function of this value.
///
/// Only what concerns the host is listed: networks with a port bound here or a router that is made here, the security
/// groups of those ports, and the addresses of remote groups already resolved. It comes in parts, by their generations:
/// `HeldTopology`.
package struct NetworkTopology: Codable, Sendable, Equatable {
    package var networks: [TopologyNetwork]
    package var ports: [TopologyPort]
    package var routers: [TopologyRouter]
    package var securityGroups: [TopologySecurityGroup]

    package init(
        networks: [TopologyNetwork] = [], ports: [TopologyPort] = [], routers: [TopologyRouter] = [],
        securityGroups: [TopologySecurityGroup] = []
    ) {
        self.networks = networks
        self.ports = ports
        self.routers = routers
        self.securityGroups = securityGroups
    }
}

/// A layer-2 network: one bridge on the host. An external network's bridge carries the host's own gateway address, from
/// which the host NATs outward, or is joined to a physical interface.
package struct TopologyNetwork: Codable, Sendable, Equatable {
    package var id: NetworkID
    package var isExternal: Bool
    package var mtu: Int
    package var dnsDomain: String
    package var subnets: [TopologySubnet]
    /// The DHCP and metadata port: its MAC, and an address in each subnet that has DHCP. `nil` when no subnet has DHCP.
    package var dhcpPort: TopologyAddressedPort?

    package init(
        id: NetworkID, isExternal: Bool, mtu: Int, dnsDomain: String, subnets: [TopologySubnet],
        dhcpPort: TopologyAddressedPort?
    ) {
        self.id = id
        self.isExternal = isExternal
        self.mtu = mtu
        self.dnsDomain = dnsDomain
        self.subnets = subnets
        self.dhcpPort = dhcpPort
    }
}

package struct TopologySubnet: Codable, Sendable, Equatable {
    package struct HostRoute: Codable, Sendable, Equatable {
        package var destination: String
        package var nextHop: String

        package init(destination: String, nextHop: String) {
            self.destination = destination
            self.nextHop = nextHop
        }
    }

    package var id: SubnetID
    /// 4 or 6.
    package var ipVersion: Int
    package var cidr: String
    package var gateway: String?
    package var dhcpEnabled: Bool
    package var dnsServers: [String]
    package var hostRoutes: [HostRoute]

    package init(
        id: SubnetID, ipVersion: Int, cidr: String, gateway: String?, dhcpEnabled: Bool, dnsServers: [String],
        hostRoutes: [HostRoute]
    ) {
        self.id = id
        self.ipVersion = ipVersion
        self.cidr = cidr
        self.gateway = gateway
        self.dhcpEnabled = dhcpEnabled
        self.dnsServers = dnsServers
        self.hostRoutes = hostRoutes
    }
}

package struct TopologyAddress: Codable, Sendable, Equatable, Hashable {
    package var subnetID: SubnetID
    package var address: String

    package init(subnetID: SubnetID, address: String) {
        self.subnetID = subnetID
        self.address = address
    }
}

package struct TopologyAddressedPort: Codable, Sendable, Equatable {
    package var portID: PortID
    package var macAddress: String
    package var addresses: [TopologyAddress]

    package init(portID: PortID, macAddress: String, addresses: [TopologyAddress]) {
        self.portID = portID
        self.macAddress = macAddress
        self.addresses = addresses
    }
}

/// A server's port bound to this host: one tap. Other ports of the network appear only with `isLocal == false`, for
/// DHCP's host list.
package struct TopologyPort: Codable, Sendable, Equatable {
    package struct AllowedPair: Codable, Sendable, Equatable {
        /// CIDR or address.
        package var ipAddress: String
        package var macAddress: String

        package init(ipAddress: String, macAddress: String) {
            self.ipAddress = ipAddress
            self.macAddress = macAddress
        }
    }

    package var id: PortID
    package var networkID: NetworkID
    package var isLocal: Bool
    package var macAddress: String
    package var addresses: [TopologyAddress]
    /// What DHCP calls the guest.
    package var hostname: String
    package var adminStateUp: Bool
    /// Off: no anti-spoofing and no groups.
    package var portSecurity: Bool
    package var securityGroups: [SecurityGroupID]
    package var allowedPairs: [AllowedPair]

    package init(
        id: PortID, networkID: NetworkID, isLocal: Bool, macAddress: String, addresses: [TopologyAddress],
        hostname: String, adminStateUp: Bool, portSecurity: Bool, securityGroups: [SecurityGroupID],
        allowedPairs: [AllowedPair]
    ) {
        self.id = id
        self.networkID = networkID
        self.isLocal = isLocal
        self.macAddress = macAddress
        self.addresses = addresses
        self.hostname = hostname
        self.adminStateUp = adminStateUp
        self.portSecurity = portSecurity
        self.securityGroups = securityGroups
        self.allowedPairs = allowedPairs
    }
}

/// A router: one namespace with a leg in each network.
package struct TopologyRouter: Codable, Sendable, Equatable {
    package struct Interface: Codable, Sendable, Equatable {
        package var networkID: NetworkID
        package var port: TopologyAddressedPort
        /// The address scopes of its addresses: a router passes nothing from one into another.
        package var ipv4Scope: AddressScopeID?
        package var ipv6Scope: AddressScopeID?

        package init(
            networkID: NetworkID, port: TopologyAddressedPort, ipv4Scope: AddressScopeID? = nil,
            ipv6Scope: AddressScopeID? = nil
        ) {
            self.networkID = networkID
            self.port = port
            self.ipv4Scope = ipv4Scope
            self.ipv6Scope = ipv6Scope
        }
    }

    package struct FloatingIP: Codable, Sendable, Equatable {
        package var id: FloatingIPID
        package var floatingAddress: String
        package var fixedAddress: String

        package init(id: FloatingIPID, floatingAddress: String, fixedAddress: String) {
            self.id = id
            self.floatingAddress = floatingAddress
            self.fixedAddress = fixedAddress
        }
    }

    package struct Route: Codable, Sendable, Equatable {
        package var destination: String
        package var nextHop: String

        package init(destination: String, nextHop: String) {
            self.destination = destination
            self.nextHop = nextHop
        }
    }

    package var id: RouterID
    package var adminStateUp: Bool
    package var gateway: Interface?
    package var snatEnabled: Bool
    package var interfaces: [Interface]
    package var floatingIPs: [FloatingIP]
    package var routes: [Route]

    package init(
        id: RouterID, adminStateUp: Bool, gateway: Interface?, snatEnabled: Bool, interfaces: [Interface],
        floatingIPs: [FloatingIP], routes: [Route]
    ) {
        self.id = id
        self.adminStateUp = adminStateUp
        self.gateway = gateway
        self.snatEnabled = snatEnabled
        self.interfaces = interfaces
        self.floatingIPs = floatingIPs
        self.routes = routes
    }
}

package struct TopologySecurityGroup: Codable, Sendable, Equatable {
    package struct Rule: Codable, Sendable, Equatable {
        package enum Direction: String, Codable, Sendable { case ingress, egress }
        package enum EtherType: String, Codable, Sendable { case ipv4 = "IPv4", ipv6 = "IPv6" }

        package var direction: Direction
        package var etherType: EtherType
        /// Neutron's name or number (`tcp`, `udp`, `icmp`, `ipv6-icmp`, `47`); `nil` for any.
        package var transport: String?
        /// Ports; for ICMP the type and the code.
        package var portMin: Int?
        package var portMax: Int?
        package var remotePrefix: String?
        /// The group whose members' addresses are the remote side; see `memberAddresses`.
        package var remoteGroup: SecurityGroupID?

        package init(
            direction: Direction, etherType: EtherType, transport: String? = nil, portMin: Int? = nil,
            portMax: Int? = nil, remotePrefix: String? = nil, remoteGroup: SecurityGroupID? = nil
        ) {
            self.direction = direction
            self.etherType = etherType
            self.transport = transport
            self.portMin = portMin
            self.portMax = portMax
            self.remotePrefix = remotePrefix
            self.remoteGroup = remoteGroup
        }
    }

    package var id: SecurityGroupID
    package var rules: [Rule]
    /// Addresses of every port that carries the group, on any host; filled when some listed rule names it as remote.
    package var memberAddresses: [String]

    package init(id: SecurityGroupID, rules: [Rule], memberAddresses: [String]) {
        self.id = id
        self.rules = rules
        self.memberAddresses = memberAddresses
    }
}
