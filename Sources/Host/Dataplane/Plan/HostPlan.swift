package import HostProtocol
package import Model

/// What a plan needs to know of the machine, so that planning itself reads nothing.
package struct HostFacts: Sendable, Equatable {
    package var names: DataplaneNames
    /// The conntrack zone of each network, 1...65535, unique on the machine.
    package var zones: [NetworkID: Int]
    /// Name servers the host itself asks, for subnets that name none.
    package var forwarders: [IPPrefix]
    /// Whom dnsmasq runs as, by name.
    package var dnsmasqUser: String
    package var dnsmasqGroup: String

    package init(
        names: DataplaneNames, zones: [NetworkID: Int] = [:], forwarders: [IPPrefix] = [],
        dnsmasqUser: String = "nobody",
        dnsmasqGroup: String = "nogroup"
    ) {
        self.names = names
        self.zones = zones
        self.forwarders = forwarders
        self.dnsmasqUser = dnsmasqUser
        self.dnsmasqGroup = dnsmasqGroup
    }
}

/// Every kernel object, rule and file that a topology asks for on one host.
package struct HostPlan: Sendable, Equatable {
    package var bridges: [PlannedBridge] = []
    package var taps: [PlannedTap] = []
    package var namespaces: [PlannedNamespace] = []
    package var dhcp: [PlannedDHCP] = []
    package var listeners: [PlannedListener] = []
    package var policies: [PortPolicy] = []
    /// The root namespace's tables: one transaction for `nft -f`.
    package var rules = ""
    /// Neighbours the LAN interface answers ARP for: floating and router gateway addresses.
    package var announced: [String] = []
    package var externalPrefixes: [IPPrefix] = []
}

package struct PlannedBridge: Sendable, Equatable {
    package var name: String
    package var mac: String
    package var mtu: Int
    /// With prefix length; only an external network's bridge has any.
    package var addresses: [String]
}

package struct PlannedTap: Sendable, Equatable {
    package var name: String
    package var bridge: String
    package var mtu: Int
    package var up: Bool
}

package struct PlannedNamespace: Sendable, Equatable {
    package var name: String
    package var legs: [PlannedLeg]
    package var routes: [PlannedRoute]
    /// Keys with slashes, below /proc/sys.
    package var settings: [String: String]
    /// One transaction for `nft -f` inside the namespace.
    package var rules: String?
    package var floating: [PlannedFloating] = []
}

/// A veth pair: one end plugged in a bridge, the other inside a namespace.
package struct PlannedLeg: Sendable, Equatable {
    package var outside: String
    package var inside: String
    package var bridge: String
    package var mac: String
    package var mtu: Int
    /// With prefix length.
    package var addresses: [String]
}

package struct PlannedRoute: Sendable, Hashable {
    /// `default` or a prefix, as `ip route` prints it.
    package var destination: String
    package var via: String
    package var isIPv4: Bool
}

/// A floating address on a gateway leg, and the fixed one it stands for.
package struct PlannedFloating: Sendable, Hashable, Codable {
    package var leg: String
    package var address: String
    package var fixed: String
}

package struct PlannedListener: Sendable, Equatable {
    package var networkID: NetworkID
    package var namespace: String
    /// Where guests of this network have their addresses; others are refused.
    package var prefixes: [IPPrefix]
}

extension HostPlan {
    /// Makes the plan. Throws `PlanError` when the topology holds a value that no kernel would take, or when two ids
    /// would share a name.
    package init(_ topology: NetworkTopology, _ facts: HostFacts) throws(PlanError) {
        self.init()
        let names = facts.names
        let networks = Dictionary(topology.networks.map { ($0.id, $0) }) { first, _ in first }
        for network in topology.networks.sorted(by: { $0.id < $1.id }) {
            try add(network, ports: topology.ports.filter { $0.networkID == network.id }, facts)
        }
        for router in topology.routers.sorted(by: { $0.id < $1.id }) where router.adminStateUp {
            let plan = try RouterPlan(router, networks: networks, names: names)
            namespaces.append(plan.namespace)
            announced += plan.announced
        }
        let ports = topology.ports.filter { $0.isLocal && networks[$0.networkID] != nil }.sorted { $0.id < $1.id }
        for port in ports {
            guard let network = networks[port.networkID] else { continue }
            taps.append(
                PlannedTap(
                    name: names.tap(port.id), bridge: names.bridge(network.id), mtu: network.mtu, up: port.adminStateUp)
            )
        }
        let groups = Dictionary(topology.securityGroups.map { ($0.id, $0) }) { first, _ in first }
        for port in ports {
            policies.append(try PortPolicy(port, network: networks[port.networkID], groups: groups, names: names))
        }
        rules = RootRules(self, topology: topology, facts: facts).text
        try refuseSharedNames()
    }

    private mutating func add(
        _ network: TopologyNetwork, ports: [TopologyPort], _ facts: HostFacts
    ) throws(PlanError) {
        let names = facts.names
        var bridge = PlannedBridge(
            name: names.bridge(network.id), mac: names.bridgeMAC(network.id), mtu: network.mtu, addresses: [])
        if network.isExternal {
            for subnet in network.subnets where subnet.ipVersion == 4 {
                let prefix = try IPPrefix(subnet.cidr)
                externalPrefixes.append(prefix.network)
                if let gateway = subnet.gateway {
                    bridge.addresses.append("\(try IPPrefix(gateway).address)/\(prefix.length)")
                }
            }
        }
        bridges.append(bridge)
        guard let port = network.dhcpPort else { return }
        let plan = try DHCPPlan(network, port: port, facts: facts)
        namespaces.append(plan.namespace)
        listeners.append(plan.listener)
        if var dhcp = plan.dhcp {
            try dhcp.serve(ports, in: network)
            self.dhcp.append(dhcp)
        }
    }

    private func refuseSharedNames() throws(PlanError) {
        var seen: Set<String> = []
        let legs = namespaces.flatMap(\.legs).map(\.outside)
        for name in bridges.map(\.name) + taps.map(\.name) + namespaces.map(\.name) + legs
        where !seen.insert(name).inserted {
            throw PlanError("two objects of the topology would both be called '\(name)'")
        }
    }
}

/// A port's addresses as `address/length`, with the prefix length of their subnets.
func addressed(_ port: TopologyAddressedPort, in network: TopologyNetwork) throws(PlanError) -> [String] {
    var result: [String] = []
    for address in port.addresses {
        guard let subnet = network.subnets.first(where: { $0.id == address.subnetID }) else {
            throw PlanError("port \(port.portID) has an address in subnet \(address.subnetID), which is not listed")
        }
        result.append("\(try IPPrefix(address.address).address)/\(try IPPrefix(subnet.cidr).length)")
    }
    return result.sorted()
}
