package import HostProtocol
import Model

extension HostPlan {
    /// Makes the plan. A value that no kernel would take, or an id that would share a name with another, leaves out the
    /// smallest part that has it: a port's rules, without which its tap passes nothing, a router, a network's DHCP, an
    /// external subnet's gateway.
    package init(_ topology: NetworkTopology, _ facts: HostFacts) {
        var planner = Planner(topology, facts)
        self = planner.made()
    }
}

private struct Planner {
    private let topology: NetworkTopology
    private let facts: HostFacts
    private let ports: [TopologyPort]
    private let portsByNetwork: [NetworkID: [TopologyPort]]
    private var plan = HostPlan()
    private var networks: [NetworkID: TopologyNetwork] = [:]
    /// Names of kernel objects that are given away.
    private var taken: Set<String> = []
    private var names: DataplaneNames { facts.names }

    init(_ topology: NetworkTopology, _ facts: HostFacts) {
        self.topology = topology
        self.facts = facts
        ports = topology.ports.sorted { $0.id < $1.id }
        portsByNetwork = Dictionary(grouping: ports, by: \.networkID)
    }

    mutating func made() -> HostPlan {
        for network in topology.networks.sorted(by: { $0.id < $1.id }) {
            attempt(.network(network.id)) { try $0.addBridge(network) }
        }
        for network in networks.values.sorted(by: { $0.id < $1.id }) {
            if let port = network.dhcpPort { attempt(.network(network.id)) { try $0.addDHCP(network, port) } }
        }
        for router in topology.routers.sorted(by: { $0.id < $1.id }) where router.adminStateUp {
            attempt(.router(router.id)) { try $0.add(router) }
        }
        let groups = Dictionary(topology.securityGroups.map { ($0.id, $0) }) { first, _ in first }
        for port in ports where port.isLocal {
            guard let network = networks[port.networkID] else { continue }
            attempt(.port(port.id)) { try $0.add(port, network, groups) }
        }
        plan.rules = RootRules(plan, topology: topology, facts: facts).text
        return plan
    }

    /// What `body` throws becomes a trouble of the part.
    private mutating func attempt(_ part: DataplaneTrouble.Part, _ body: (inout Planner) throws -> Void) {
        do {
            try body(&self)
        } catch {
            let trouble = DataplaneTrouble(part, "\(error)")
            if !plan.troubles.contains(trouble) { plan.troubles.append(trouble) }
        }
    }

    /// All of the names, or none.
    private mutating func claim(_ wanted: [String]) throws(PlanError) {
        for name in wanted where taken.contains(name) {
            throw PlanError("two objects of the topology would both be called '\(name)'")
        }
        taken.formUnion(wanted)
    }

    private mutating func addBridge(_ network: TopologyNetwork) throws(PlanError) {
        let name = names.bridge(network.id)
        try claim([name])
        var bridge = PlannedBridge(name: name, mac: names.bridgeMAC(network.id), mtu: network.mtu, addresses: [])
        for subnet in network.subnets where network.isExternal && subnet.ipVersion == 4 {
            attempt(.network(network.id)) { planner in
                let prefix = try CIDR(planned: subnet.cidr)
                let gateway = try subnet.gateway.map { "\(try IPAddress(planned: $0))/\(prefix.length)" }
                planner.plan.externalPrefixes.append(prefix)
                if let gateway { bridge.addresses.append(gateway) }
            }
        }
        plan.bridges.append(bridge)
        networks[network.id] = network
    }

    private mutating func addDHCP(_ network: TopologyNetwork, _ port: TopologyAddressedPort) throws(PlanError) {
        let made = try DHCPPlan(network, port: port, facts: facts)
        try claim([made.namespace.name] + made.namespace.legs.map(\.outside))
        plan.namespaces.append(made.namespace)
        plan.listeners.append(made.listener)
        guard var dhcp = made.dhcp else { return }
        for port in portsByNetwork[network.id] ?? [] {
            attempt(.port(port.id)) { _ in try dhcp.serve(port, in: network) }
        }
        plan.dhcp.append(dhcp)
    }

    private mutating func add(_ router: TopologyRouter) throws(PlanError) {
        let made = try RouterPlan(router, networks: networks, names: names)
        try claim([made.namespace.name] + made.namespace.legs.map(\.outside))
        plan.namespaces.append(made.namespace)
        plan.announced += made.announced
    }

    private mutating func add(
        _ port: TopologyPort, _ network: TopologyNetwork, _ groups: [SecurityGroupID: TopologySecurityGroup]
    ) throws(PlanError) {
        let tap = names.tap(port.id)
        try claim([tap])
        plan.taps.append(
            PlannedTap(name: tap, bridge: names.bridge(network.id), mtu: network.mtu, up: port.adminStateUp))
        plan.policies.append(try PortPolicy(port, network: network, groups: groups, names: names))
    }
}
