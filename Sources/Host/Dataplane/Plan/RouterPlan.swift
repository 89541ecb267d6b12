import HostProtocol
import Model

/// A router as a namespace: legs, routes, and the address translation of its gateway.
struct RouterPlan {
    private(set) var namespace: PlannedNamespace
    /// Addresses on the external side.
    private(set) var announced: [String] = []

    init(_ router: TopologyRouter, networks: [NetworkID: TopologyNetwork], names: DataplaneNames) throws(PlanError) {
        namespace = PlannedNamespace(
            name: names.routerNamespace(router.id), part: .router(router.id), legs: [], routes: [],
            settings: Self.settings, rules: nil)
        var scopes = RouterScopes()
        for interface in router.interfaces {
            if let network = networks[interface.networkID] {
                let leg = try Self.leg(interface, network, names)
                namespace.legs.append(leg)
                scopes.legs.append(.init(name: leg.inside, interface))
            }
        }
        var translation = Translation(table: names.table)
        if let gateway = router.gateway, let network = networks[gateway.networkID] {
            var leg = try Self.leg(gateway, network, names)
            translation.leg = leg.inside
            scopes.gateway = .init(name: leg.inside, gateway)
            translation.untranslated = scopes.besideGateway
            translation.address = leg.addresses.first { !$0.contains(":") }.map { String($0.prefix { $0 != "/" }) }
            translation.snat = router.snatEnabled
            announced += leg.addresses.filter { !$0.contains(":") }.map { String($0.prefix { $0 != "/" }) }
            for floating in router.floatingIPs.sorted(by: { $0.floatingAddress < $1.floatingAddress }) {
                let outer = try IPAddress(planned: floating.floatingAddress).description
                let inner = try IPAddress(planned: floating.fixedAddress).description
                namespace.floating.append(PlannedFloating(leg: leg.inside, address: outer, fixed: inner))
                if !leg.addresses.contains(where: { $0.hasPrefix(outer + "/") }) { leg.addresses.append("\(outer)/32") }
                announced.append(outer)
            }
            namespace.legs.append(leg)
            namespace.routes += try Self.defaultRoutes(network, gateway)
        }
        translation.floating = namespace.floating
        for route in router.routes { namespace.routes.append(try Self.planned(route)) }
        namespace.rules = scopes.text(table: names.table) + translation.text
    }

    /// Guests cannot send with a wrong source, but what a router passes on is checked once more by its own routes.
    private static let settings = [
        "net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1", "net/ipv4/conf/all/rp_filter": "1",
        "net/ipv4/conf/default/rp_filter": "1", "net/ipv4/conf/all/send_redirects": "0",
        "net/ipv4/conf/default/send_redirects": "0", "net/ipv4/conf/all/arp_notify": "1",
        "net/ipv4/conf/default/arp_notify": "1", "net/ipv6/conf/all/accept_dad": "0",
        "net/ipv6/conf/default/accept_dad": "0", "net/ipv4/conf/all/arp_ignore": "1",
    ]

    private static func planned(_ route: TopologyRouter.Route) throws(PlanError) -> PlannedRoute {
        let destination = try CIDR(planned: route.destination)
        return PlannedRoute(
            destination: routeText(destination), via: try IPAddress(planned: route.nextHop).description,
            isIPv4: destination.version == 4)
    }

    private static func leg(
        _ interface: TopologyRouter.Interface, _ network: TopologyNetwork, _ names: DataplaneNames
    ) throws(PlanError) -> PlannedLeg {
        PlannedLeg(
            outside: names.legOutside(interface.port.portID), inside: names.legInside(interface.port.portID),
            bridge: names.bridge(network.id), mac: try MACAddress(planned: interface.port.macAddress).description,
            mtu: network.mtu, addresses: try addressed(interface.port, in: network))
    }

    /// By the gateway of each subnet in which the router has its external address.
    private static func defaultRoutes(
        _ network: TopologyNetwork, _ gateway: TopologyRouter.Interface
    ) throws(PlanError) -> [PlannedRoute] {
        var routes: [PlannedRoute] = []
        for address in gateway.port.addresses {
            guard let subnet = network.subnets.first(where: { $0.id == address.subnetID }), let via = subnet.gateway,
                !routes.contains(where: { $0.isIPv4 == (subnet.ipVersion == 4) })
            else { continue }
            routes.append(
                PlannedRoute(
                    destination: "default", via: try IPAddress(planned: via).description, isIPv4: subnet.ipVersion == 4)
            )
        }
        return routes
    }
}

/// As `ip route` prints it.
func routeText(_ prefix: CIDR) -> String { prefix.length == 0 ? "default" : prefix.toolText }

/// A router's nftables text. Floating addresses translate both ways; a connection from inside to a floating address
/// also gets a source on the router, so that its answers come back through it.
private struct Translation {
    var table: String
    var leg: String?
    var address: String?
    var snat = false
    var floating: [PlannedFloating] = []
    /// Legs whose addresses mean the same outside.
    var untranslated: [String] = []

    var text: String {
        var lines = ["table ip \(table) {", "}", "delete table ip \(table)", "table ip \(table) {"]
        if let leg, let address {
            lines += ["\tchain prerouting {", "\t\ttype nat hook prerouting priority -100; policy accept;"]
            lines += destination(leg)
            lines += ["\t}", "\tchain postrouting {", "\t\ttype nat hook postrouting priority 100; policy accept;"]
            lines += source(leg, address)
            lines += ["\t}"]
        }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    private func destination(_ leg: String) -> [String] {
        guard !floating.isEmpty else { return [] }
        let outer = floating.map(\.address).joined(separator: ", ")
        let map = floating.map { "\($0.address) : \($0.fixed)" }.joined(separator: ", ")
        return [
            "\t\tiifname != \"\(leg)\" ip daddr { \(outer) } meta mark set 0x1",
            "\t\tdnat to ip daddr map { \(map) }",
        ]
    }

    private func source(_ leg: String, _ address: String) -> [String] {
        var lines: [String] = []
        if !floating.isEmpty {
            let map = floating.map { "\($0.fixed) : \($0.address)" }.joined(separator: ", ")
            lines.append("\t\tmeta mark 0x1 snat to ip saddr map { \(map) }")
            lines.append("\t\tmeta mark 0x1 snat to \(address)")
            lines.append("\t\toifname \"\(leg)\" snat to ip saddr map { \(map) }")
        }
        if snat, !untranslated.isEmpty {
            lines.append("\t\tiifname { \(untranslated.quoted) } oifname \"\(leg)\" accept")
        }
        if snat { lines.append("\t\toifname \"\(leg)\" snat to \(address)") }
        return lines
    }
}
