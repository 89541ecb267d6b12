import Foundation
import HostProtocol
import Model

@testable import Dataplane

/// A small cloud: a tenant network with two guests, an external one, and a router with a floating address.
enum Sample {
    static let tenant = NetworkID("11111111-0000-4000-8000-000000000001")
    static let external = NetworkID("22222222-0000-4000-8000-000000000002")
    static let subnet = SubnetID("33333333-0000-4000-8000-000000000003")
    static let externalSubnet = SubnetID("44444444-0000-4000-8000-000000000004")
    static let web = SecurityGroupID("55555555-0000-4000-8000-000000000005")
    static let peers = SecurityGroupID("66666666-0000-4000-8000-000000000006")
    static let portA = PortID("aaaaaaaa-0000-4000-8000-00000000000a")
    static let portB = PortID("bbbbbbbb-0000-4000-8000-00000000000b")
    static let router = RouterID("cccccccc-0000-4000-8000-00000000000c")

    static func facts() throws -> HostFacts {
        HostFacts(
            names: try DataplaneNames(tag: "ab12"), zones: [tenant: 1001, external: 1002],
            forwarders: [try IPAddress(planned: "192.0.2.53")], dnsmasqUser: "dnsmasq", dnsmasqGroup: "nogroup")
    }

    static func port(_ id: PortID, _ last: Int, groups: [SecurityGroupID], hostname: String = "guest") -> TopologyPort {
        TopologyPort(
            id: id, networkID: tenant, isLocal: true, macAddress: "fa:16:3e:00:00:0\(last)",
            addresses: [TopologyAddress(subnetID: subnet, address: "10.0.0.1\(last)")], hostname: hostname,
            adminStateUp: true, portSecurity: true, securityGroups: groups, allowedPairs: [])
    }

    static func topology() -> NetworkTopology {
        NetworkTopology(
            networks: [tenantNetwork, externalNetwork],
            ports: [port(portA, 1, groups: [web]), port(portB, 2, groups: [peers], hostname: "db_1.example")],
            routers: [topologyRouter], securityGroups: groups)
    }

    static let tenantNetwork = TopologyNetwork(
        id: tenant, isExternal: false, mtu: 1450, dnsDomain: "cloud.internal",
        subnets: [
            TopologySubnet(
                id: subnet, ipVersion: 4, cidr: "10.0.0.0/24", gateway: "10.0.0.1", dhcpEnabled: true, dnsServers: [],
                hostRoutes: [.init(destination: "10.9.0.0/16", nextHop: "10.0.0.9")])
        ],
        dhcpPort: TopologyAddressedPort(
            portID: PortID("dddddddd-0000-4000-8000-00000000000d"), macAddress: "fa:16:3e:00:00:d0",
            addresses: [TopologyAddress(subnetID: subnet, address: "10.0.0.2")]))

    static let externalNetwork = TopologyNetwork(
        id: external, isExternal: true, mtu: 1500, dnsDomain: "",
        subnets: [
            TopologySubnet(
                id: externalSubnet, ipVersion: 4, cidr: "203.0.113.0/24", gateway: "203.0.113.1", dhcpEnabled: false,
                dnsServers: [], hostRoutes: [])
        ], dhcpPort: nil)

    static let topologyRouter = TopologyRouter(
        id: router, adminStateUp: true,
        gateway: .init(
            networkID: external,
            port: TopologyAddressedPort(
                portID: PortID("eeeeeeee-0000-4000-8000-00000000000e"), macAddress: "fa:16:3e:00:00:e0",
                addresses: [TopologyAddress(subnetID: externalSubnet, address: "203.0.113.10")])),
        snatEnabled: true,
        interfaces: [
            .init(
                networkID: tenant,
                port: TopologyAddressedPort(
                    portID: PortID("ffffffff-0000-4000-8000-00000000000f"), macAddress: "fa:16:3e:00:00:f0",
                    addresses: [TopologyAddress(subnetID: subnet, address: "10.0.0.1")]))
        ],
        floatingIPs: [
            .init(id: FloatingIPID("f1"), floatingAddress: "203.0.113.20", fixedAddress: "10.0.0.11")
        ],
        routes: [.init(destination: "10.50.0.0/16", nextHop: "10.0.0.50")])

    static let groups = [
        TopologySecurityGroup(
            id: web,
            rules: [
                .init(direction: .egress, etherType: .ipv4), .init(direction: .egress, etherType: .ipv6),
                .init(direction: .ingress, etherType: .ipv4, transport: "tcp", portMin: 80, portMax: 81),
                .init(
                    direction: .ingress, etherType: .ipv4, transport: "tcp", portMin: 22, portMax: 22,
                    remotePrefix: "203.0.113.0/24"),
                .init(direction: .ingress, etherType: .ipv4, transport: "icmp", portMin: 8, portMax: 0),
                .init(direction: .ingress, etherType: .ipv6, transport: "icmp"),
            ], memberAddresses: []),
        TopologySecurityGroup(
            id: peers,
            rules: [
                .init(direction: .egress, etherType: .ipv4),
                .init(direction: .ingress, etherType: .ipv4, remoteGroup: peers),
            ], memberAddresses: ["10.0.0.12", "10.0.0.13"]),
    ]
}

/// Compares with the text kept under Tests/Golden; `NOVELLA_WRITE_GOLDEN=1` writes it instead.
func golden(_ name: String, _ text: String) throws -> String {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/\(name)")
    if ProcessInfo.processInfo.environment["NOVELLA_WRITE_GOLDEN"] == "1" {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
    return try String(contentsOf: file, encoding: .utf8)
}
