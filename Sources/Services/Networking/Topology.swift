package import HostProtocol
package import Model
import Store

/// What one host has to make.
extension NetworkingService {
    /// How the networks with a port bound to the host, the routers that join them, and what those lead to differ from
    /// the parts that the host holds.
    package func topology(of hostname: String, holding: [NetworkPart: String]) async throws -> TopologyNews {
        try await database.read { db in
            let due = try NetworkGenerationQueries.parts(of: hostname, db)
            let reader = PartReader(db: db, hostname: hostname)
            return TopologyNews(
                gone: holding.keys.filter { due[$0] == nil },
                changed: try due.filter { holding[$0] != $1 }.map { part, generation in
                    TopologyPart(part: part, generation: generation, content: try reader.content(of: part))
                })
        }
    }

    /// All of it.
    package func topology(of hostname: String) async throws -> NetworkTopology {
        var held = HeldTopology()
        held.take(try await topology(of: hostname, holding: [:]))
        return held.topology
    }
}

private struct PartReader {
    let db: any Connection
    let hostname: String

    func content(of part: NetworkPart) throws -> TopologyPart.Content {
        switch part {
        case .network(let id): return try network(id)
        case .router(let id):
            guard let found = try db.find(Router.self, key: .id(id)) else { throw Router.notFound(id) }
            return .router(try describe(found))
        case .rules(let id):
            return .rules(try SecurityGroupQueries.rules(of: id, db).compactMap { TopologySecurityGroup.Rule($0) })
        case .members(let id): return .members(try SecurityGroupQueries.memberAddresses(id, db))
        }
    }

    private func network(_ id: NetworkID) throws -> TopologyPart.Content {
        guard let network = try db.find(Network.self, key: .id(id)) else { throw Network.notFound(id) }
        let ports = try PortQueries.ports(of: id, db)
        let described = TopologyNetwork(
            id: id, isExternal: network.isExternal, mtu: network.mtu, dnsDomain: "novella.internal",
            subnets: try SubnetQueries.subnets(of: id, db).map { try TopologySubnet($0) },
            dhcpPort: try ports.first { $0.deviceOwner == "network:dhcp" }.map { try TopologyAddressedPort($0) })
        let servers = ports.filter { $0.deviceOwner.hasPrefix("compute:") }
        return .network(described, ports: try servers.map { try TopologyPort($0, on: hostname) })
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
        var interface = TopologyRouter.Interface(networkID: leg.networkID, port: try TopologyAddressedPort(leg))
        for address in interface.port.addresses {
            guard let scope = try SubnetPoolQueries.scope(of: address.subnetID, db) else { continue }
            if address.address.contains(":") { interface.ipv6Scope = scope } else { interface.ipv4Scope = scope }
        }
        return interface
    }
}
