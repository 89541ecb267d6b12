package import HostProtocol
import Model
import Store

/// What one host has to make.
extension NetworkingService {
    /// The networks with a port bound to the host, the routers that join them, and what those lead to.
    package func topology(of hostname: String) async throws -> NetworkTopology {
        try await database.read { db in
            var builder = TopologyBuilder(db: db, hostname: hostname)
            return try builder.build()
        }
    }
}

private struct TopologyBuilder {
    let db: any Connection
    let hostname: String
    var networks: Set<NetworkID> = []
    var routers: [Router] = []

    mutating func build() throws -> NetworkTopology {
        let local = try db.fetch(Port.self, "WHERE binding_host = ?1 ORDER BY created_at, id", [.text(hostname)])
        networks = Set(local.map(\.networkID))
        try followRouters()
        var topology = NetworkTopology(generation: try ChangeFeedQueries.sequence(.network, db))
        for id in networks.sorted() {
            guard let network = try db.find(Network.self, key: .id(id)) else { continue }
            let ports = try PortQueries.ports(of: id, db)
            topology.networks.append(try describe(network, ports))
            topology.ports += try ports.filter { $0.deviceOwner.hasPrefix("compute:") }.map { try describe($0) }
        }
        topology.routers = try routers.sorted { $0.id < $1.id }.map { try describe($0) }
        topology.securityGroups = try groups(of: topology.ports.filter(\.isLocal))
        return topology
    }

    /// Routers of the networks, the other networks they join, and so on.
    private mutating func followRouters() throws {
        var open = Array(networks)
        var seen: Set<RouterID> = []
        while let network = open.popLast() {
            for id in try RouterQueries.routerIDs(on: network, db) where seen.insert(id).inserted {
                guard let router = try db.find(Router.self, key: .id(id)) else { continue }
                routers.append(router)
                let legs = try PortQueries.ports(ofDevice: id.text, db)
                for leg in legs.filter({ PortOwners.ofRouters.contains($0.deviceOwner) })
                where networks.insert(leg.networkID).inserted {
                    if leg.deviceOwner == "network:router_interface" { open.append(leg.networkID) }
                }
            }
        }
    }

    private func describe(_ network: Network, _ ports: [Port]) throws -> TopologyNetwork {
        let subnets = try SubnetQueries.subnets(of: network.id, db).map { subnet in
            TopologySubnet(
                id: subnet.id, ipVersion: subnet.ipVersion, cidr: subnet.cidr, gateway: subnet.gatewayIP,
                dhcpEnabled: subnet.enableDHCP, dnsServers: try subnet.dnsNameservers.value(),
                hostRoutes: try subnet.hostRoutes.value().map {
                    .init(destination: $0.destination, nextHop: $0.nexthop)
                })
        }
        return TopologyNetwork(
            id: network.id, isExternal: network.isExternal, mtu: network.mtu, dnsDomain: "novella.internal",
            subnets: subnets,
            dhcpPort: try ports.first { $0.deviceOwner == "network:dhcp" }.map { try addressed($0) })
    }

    private func addressed(_ port: Port) throws -> TopologyAddressedPort {
        TopologyAddressedPort(portID: port.id, macAddress: port.macAddress, addresses: try addresses(port))
    }

    private func addresses(_ port: Port) throws -> [TopologyAddress] {
        try port.fixedIPs.value().map { TopologyAddress(subnetID: $0.subnetID, address: $0.ipAddress) }
    }

    private func describe(_ port: Port) throws -> TopologyPort {
        TopologyPort(
            id: port.id, networkID: port.networkID, isLocal: port.bindingHost == hostname, macAddress: port.macAddress,
            addresses: try addresses(port), hostname: port.dnsName, adminStateUp: port.adminStateUp,
            portSecurity: port.portSecurityEnabled, securityGroups: try port.securityGroups.value(),
            allowedPairs: try port.allowedAddressPairs.value().map {
                .init(ipAddress: $0.ipAddress, macAddress: $0.macAddress)
            })
    }

    private func describe(_ router: Router) throws -> TopologyRouter {
        let legs = try PortQueries.ports(ofDevice: router.id.text, db)
        let interfaces = try legs.filter { $0.deviceOwner == "network:router_interface" }.map(interface)
        let gateway = try legs.first { $0.deviceOwner == "network:router_gateway" }.map(interface)
        let floating = try FloatingIPQueries.floatingIPs(of: router.id, db).compactMap { found in
            found.fixedAddress.map {
                TopologyRouter.FloatingIP(id: found.id, floatingAddress: found.address, fixedAddress: $0)
            }
        }
        return TopologyRouter(
            id: router.id, adminStateUp: router.adminStateUp, gateway: gateway, snatEnabled: router.snatEnabled,
            interfaces: interfaces, floatingIPs: floating,
            routes: try router.routes.value().map { .init(destination: $0.destination, nextHop: $0.nexthop) })
    }

    private func interface(_ leg: Port) throws -> TopologyRouter.Interface {
        var interface = TopologyRouter.Interface(networkID: leg.networkID, port: try addressed(leg))
        for address in interface.port.addresses {
            guard let scope = try SubnetPoolQueries.scope(of: address.subnetID, db) else { continue }
            if address.address.contains(":") { interface.ipv6Scope = scope } else { interface.ipv4Scope = scope }
        }
        return interface
    }

    private func groups(of ports: [TopologyPort]) throws -> [TopologySecurityGroup] {
        let carried = Set(ports.flatMap(\.securityGroups))
        var rules: [SecurityGroupID: [SecurityGroupRule]] = [:]
        for id in carried { rules[id] = try SecurityGroupQueries.rules(of: id, db) }
        let remote = Set(rules.values.joined().compactMap(\.remoteGroupID))
        return try carried.union(remote).sorted().map { id in
            TopologySecurityGroup(
                id: id, rules: (rules[id] ?? []).compactMap(describe),
                memberAddresses: remote.contains(id) ? try SecurityGroupQueries.memberAddresses(id, db) : [])
        }
    }

    private func describe(_ rule: SecurityGroupRule) -> TopologySecurityGroup.Rule? {
        guard let direction = TopologySecurityGroup.Rule.Direction(rawValue: rule.direction),
            let family = TopologySecurityGroup.Rule.EtherType(rawValue: rule.etherType)
        else { return nil }
        return .init(
            direction: direction, etherType: family, transport: rule.transport, portMin: rule.portMin,
            portMax: rule.portMax, remotePrefix: rule.remotePrefix, remoteGroup: rule.remoteGroupID)
    }
}
