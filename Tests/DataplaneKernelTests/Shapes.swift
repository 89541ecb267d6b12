import HostProtocol
import Model

/// Topologies for the kernel tests: networks are all 10.0.0.0/24, told apart by a digit.
enum Shapes {
    static func id(_ kind: String, _ number: Int) -> String { "\(kind)00000\(number)-0000-4000-8000-000000000000" }

    static func network(_ number: Int) -> TopologyNetwork {
        TopologyNetwork(
            id: NetworkID(id("a0", number)), isExternal: false, mtu: 1450, dnsDomain: "lab",
            subnets: [
                TopologySubnet(
                    id: SubnetID(id("b0", number)), ipVersion: 4, cidr: "10.0.0.0/24", gateway: "10.0.0.1",
                    dhcpEnabled: true, dnsServers: [], hostRoutes: [])
            ],
            dhcpPort: TopologyAddressedPort(
                portID: PortID(id("d0", number)), macAddress: "fa:16:3e:0\(number):00:02",
                addresses: [TopologyAddress(subnetID: SubnetID(id("b0", number)), address: "10.0.0.2")]))
    }

    static func port(_ number: Int, network: Int = 1, host: Int, groups: [Int]) -> TopologyPort {
        TopologyPort(
            id: PortID(id("e0", number)), networkID: NetworkID(id("a0", network)), isLocal: true,
            macAddress: "fa:16:3e:0\(network):01:0\(number)",
            addresses: [TopologyAddress(subnetID: SubnetID(id("b0", network)), address: "10.0.0.\(host)")],
            hostname: "guest\(number)", adminStateUp: true, portSecurity: true,
            securityGroups: groups.map { SecurityGroupID(id("c0", $0)) }, allowedPairs: [])
    }

    /// Lets everything out, and TCP in on the given ports.
    static func group(_ number: Int, tcp ports: [Int]) -> TopologySecurityGroup {
        TopologySecurityGroup(
            id: SecurityGroupID(id("c0", number)),
            rules: [.init(direction: .egress, etherType: .ipv4)]
                + ports.map {
                    .init(direction: .ingress, etherType: .ipv4, transport: "tcp", portMin: $0, portMax: $0)
                }, memberAddresses: [])
    }

    static func external(_ lab: Lab) -> TopologyNetwork {
        TopologyNetwork(
            id: NetworkID(id("a1", 1)), isExternal: true, mtu: 1500, dnsDomain: "",
            subnets: [
                TopologySubnet(
                    id: SubnetID(id("b1", 1)), ipVersion: 4, cidr: lab.external(0) + "/24", gateway: lab.external(1),
                    dhcpEnabled: false, dnsServers: [], hostRoutes: [])
            ], dhcpPort: nil)
    }

    static func router(_ lab: Lab, floating: [(Int, String)] = []) -> TopologyRouter {
        TopologyRouter(
            id: RouterID(id("f0", 1)), adminStateUp: true,
            gateway: .init(
                networkID: NetworkID(id("a1", 1)),
                port: TopologyAddressedPort(
                    portID: PortID(id("d2", 1)), macAddress: "fa:16:3e:ff:01:0a",
                    addresses: [TopologyAddress(subnetID: SubnetID(id("b1", 1)), address: lab.external(10))])),
            snatEnabled: true,
            interfaces: [
                .init(
                    networkID: NetworkID(id("a0", 1)),
                    port: TopologyAddressedPort(
                        portID: PortID(id("d1", 1)), macAddress: "fa:16:3e:01:00:01",
                        addresses: [TopologyAddress(subnetID: SubnetID(id("b0", 1)), address: "10.0.0.1")]))
            ],
            floatingIPs: floating.map {
                .init(id: FloatingIPID(id("f1", $0.0)), floatingAddress: lab.external($0.0), fixedAddress: $0.1)
            }, routes: [])
    }
}

extension Lab {
    /// Two networks with equal addresses: guests `a1` and `b1` on one, `a2` and `b2` on the other, 11 and 12 on each.
    /// TCP is let in on the ports that are named for each network.
    func twins(tcp open: [Int: [Int]]) async throws -> NetworkTopology {
        var topology = NetworkTopology()
        for network in [1, 2] {
            topology.networks.append(Shapes.network(network))
            topology.securityGroups.append(Shapes.group(network, tcp: open[network] ?? []))
            for (index, name) in ["a", "b"].enumerated() {
                let number = 2 * network - 1 + index
                let port = Shapes.port(number, network: network, host: 11 + index, groups: [network])
                topology.ports.append(port)
                try await plug("\(name)\(network)", port, address: "10.0.0.\(11 + index)")
            }
        }
        return topology
    }
}
