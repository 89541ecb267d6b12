import HostProtocol
import Model

/// Rows as hosts see them.
extension TopologySubnet {
    init(_ subnet: Subnet) throws {
        self.init(
            id: subnet.id, ipVersion: subnet.ipVersion, cidr: subnet.cidr, gateway: subnet.gatewayIP,
            dhcpEnabled: subnet.enableDHCP, dnsServers: try subnet.dnsNameservers.value(),
            hostRoutes: try subnet.hostRoutes.value().map { .init(destination: $0.destination, nextHop: $0.nexthop) })
    }
}

extension TopologyPort {
    init(_ port: Port, on hostname: String) throws {
        self.init(
            id: port.id, networkID: port.networkID, isLocal: port.bindingHost == hostname, macAddress: port.macAddress,
            addresses: try port.topologyAddresses, hostname: port.dnsName, adminStateUp: port.adminStateUp,
            portSecurity: port.portSecurityEnabled, securityGroups: try port.securityGroups.value(),
            allowedPairs: try port.allowedAddressPairs.value().map {
                .init(ipAddress: $0.ipAddress, macAddress: $0.macAddress)
            })
    }
}

extension TopologyAddressedPort {
    init(_ port: Port) throws {
        self.init(portID: port.id, macAddress: port.macAddress, addresses: try port.topologyAddresses)
    }
}

extension Port {
    fileprivate var topologyAddresses: [TopologyAddress] {
        get throws { try fixedIPs.value().map { TopologyAddress(subnetID: $0.subnetID, address: $0.ipAddress) } }
    }
}

extension TopologySecurityGroup.Rule {
    /// `nil` for what no client can have asked for.
    init?(_ rule: SecurityGroupRule) {
        guard let direction = Direction(rawValue: rule.direction), let family = EtherType(rawValue: rule.etherType)
        else { return nil }
        self.init(
            direction: direction, etherType: family, transport: rule.transport, portMin: rule.portMin,
            portMax: rule.portMax, remotePrefix: rule.remotePrefix, remoteGroup: rule.remoteGroupID)
    }
}
