import HostProtocol
package import Model

/// One network's dnsmasq: its configuration, and the hosts it serves, which it reads again on SIGHUP.
package struct PlannedDHCP: Sendable, Equatable {
    package var networkID: NetworkID
    package var namespace: String
    package var directory: String
    package var configuration: String
    package var hosts: String = ""
    package var names: String = ""
}

/// A network's DHCP and metadata namespace. IPv6 subnets get addresses here, but no DHCPv6 and no router
/// advertisements: a guest learns its IPv6 address from metadata or a config drive.
struct DHCPPlan {
    private(set) var namespace: PlannedNamespace
    private(set) var listener: PlannedListener
    private(set) var dhcp: PlannedDHCP?

    init(_ network: TopologyNetwork, port: TopologyAddressedPort, facts: HostFacts) throws(PlanError) {
        let names = facts.names
        let leg = PlannedLeg(
            outside: names.legOutside(port.portID), inside: names.legInside(port.portID),
            bridge: names.bridge(network.id), mac: try MACAddress(planned: port.macAddress).description,
            mtu: network.mtu,
            addresses: try addressed(port, in: network) + ["\(metadataAddress)/32"])
        namespace = PlannedNamespace(
            name: names.dhcpNamespace(network.id), part: .network(network.id), legs: [leg], routes: [],
            settings: Self.settings, rules: nil)
        var prefixes: [CIDR] = []
        var served: [ServedSubnet] = []
        for subnet in network.subnets.sorted(by: { $0.id < $1.id }) {
            prefixes.append(try CIDR(planned: subnet.cidr))
            guard subnet.ipVersion == 4, subnet.dhcpEnabled,
                let own = port.addresses.first(where: { $0.subnetID == subnet.id })
            else { continue }
            served.append(try ServedSubnet(subnet, server: IPAddress(planned: own.address), tag: "s\(served.count)"))
        }
        if let via = served.compactMap(\.gateway).first {
            namespace.routes = [PlannedRoute(destination: "default", via: via, isIPv4: true)]
        }
        listener = PlannedListener(networkID: network.id, namespace: namespace.name, prefixes: prefixes)
        guard !served.isEmpty else { return }
        let directory = "\(names.runDirectory)/dhcp-\(short(network.id.text))"
        dhcp = PlannedDHCP(
            networkID: network.id, namespace: namespace.name, directory: directory,
            configuration: Self.configuration(network, served, leg.inside, directory, facts))
    }

    private static let settings = [
        "net/ipv4/ip_forward": "0", "net/ipv4/conf/all/rp_filter": "1", "net/ipv4/conf/default/rp_filter": "1",
        "net/ipv6/conf/all/accept_ra": "0", "net/ipv6/conf/default/accept_ra": "0",
        "net/ipv6/conf/all/accept_dad": "0", "net/ipv6/conf/default/accept_dad": "0",
    ]

    private static func configuration(
        _ network: TopologyNetwork, _ served: [ServedSubnet], _ interface: String, _ directory: String,
        _ facts: HostFacts
    ) -> String {
        var lines = [
            "no-resolv", "no-hosts", "no-poll", "bind-interfaces", "interface=\(interface)", "except-interface=lo",
            "user=\(facts.dnsmasqUser)", "group=\(facts.dnsmasqGroup)", "pid-file=\(directory)/pid",
            "dhcp-leasefile=\(directory)/leases", "dhcp-hostsfile=\(directory)/hosts",
            "addn-hosts=\(directory)/names", "dhcp-lease-max=65536", "dhcp-option-force=option:mtu,\(network.mtu)",
        ]
        if let domain = domainName(network.dnsDomain) {
            lines += ["domain=\(domain)", "local=/\(domain)/"]
        }
        if served.contains(where: { $0.asksServer }) {
            lines += facts.forwarders.map { "server=\($0)" }
        }
        return (lines + served.flatMap(\.lines)).joined(separator: "\n") + "\n"
    }
}

package let metadataAddress = "169.254.169.254"

extension PlannedDHCP {
    /// Adds a port of the network, local or not, with its addresses. Two lines for one MAC would leave the choice to
    /// dnsmasq, so it is listed with the first address it has in each subnet.
    mutating func serve(_ port: TopologyPort, in network: TopologyNetwork) throws(PlanError) {
        let domain = domainName(network.dnsDomain)
        let versions = Dictionary(network.subnets.map { ($0.id, $0.ipVersion) }) { first, _ in first }
        let mac = try MACAddress(planned: port.macAddress)
        var seen: Set<SubnetID> = []
        for address in port.addresses where versions[address.subnetID] == 4 {
            guard seen.insert(address.subnetID).inserted else { continue }
            let ip = try IPAddress(planned: address.address).description
            let plain = hostLabel(port.hostname) ?? "host-" + ip.map { $0 == "." ? "-" : $0 }
            let name = domain.map { "\(plain).\($0)" } ?? plain
            hosts += "\(mac),\(name),\(ip)\n"
            names += "\(ip) \(name)\(domain == nil ? "" : " \(plain)")\n"
        }
    }
}

/// One IPv4 subnet as dnsmasq's options. Clients that know option 121 ignore option 3, so the default route is in both.
private struct ServedSubnet {
    let gateway: String?
    let asksServer: Bool
    let lines: [String]

    init(_ subnet: TopologySubnet, server: IPAddress, tag: String) throws(PlanError) {
        let prefix = try CIDR(planned: subnet.cidr)
        gateway = try subnet.gateway.map { (text) throws(PlanError) in try IPAddress(planned: text).description }
        asksServer = subnet.dnsServers.isEmpty
        var routes = ["\(metadataAddress)/32,\(server)"]
        for route in subnet.hostRoutes {
            routes.append("\(try CIDR(planned: route.destination)),\(try IPAddress(planned: route.nextHop))")
        }
        if let gateway { routes.append("0.0.0.0/0,\(gateway)") }
        var servers: [String] = []
        for text in subnet.dnsServers {
            let address = try IPAddress(planned: text)
            if address.version == 4 { servers.append(address.description) }
        }
        if asksServer { servers = [server.description] }
        lines = [
            "dhcp-range=set:\(tag),\(prefix.first),static,\(prefix.netmask),86400s",
            gateway.map { "dhcp-option=tag:\(tag),option:router,\($0)" } ?? "dhcp-option=tag:\(tag),option:router",
            servers.isEmpty
                ? "dhcp-option=tag:\(tag),option:dns-server"
                : "dhcp-option=tag:\(tag),option:dns-server,\(servers.joined(separator: ","))",
            "dhcp-option=tag:\(tag),option:classless-static-route,\(routes.joined(separator: ","))",
            "dhcp-option=tag:\(tag),249,\(routes.joined(separator: ","))",
        ]
    }
}

/// A DNS label from a user's name for a server; `nil` when nothing usable is left. What dnsmasq would take for
/// something else (a lease time, a keyword, an address) is no label.
func hostLabel(_ text: String) -> String? {
    let first = text.lowercased().prefix { $0 != "." }
    let kept = first.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    let trimmed = String(kept).trimmed(of: "-").prefix(63)
    let label = String(trimmed).trimmed(of: "-")
    if label.isEmpty || ["ignore", "infinite"].contains(label) { return nil }
    if label.first?.isASCIIDigit == true, label.dropLast().allSatisfy(\.isASCIIDigit) { return "host-\(label)" }
    return label
}

/// A domain of DNS labels; `nil` when it is none.
func domainName(_ text: String) -> String? {
    let labels = text.lowercased().split(separator: ".").map { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } ? String(label) : nil
    }
    let valid = labels.compactMap(\.self)
    return labels.isEmpty || valid.count != labels.count ? nil : valid.joined(separator: ".")
}

extension String {
    fileprivate func trimmed(of character: Character) -> String {
        String(drop { $0 == character }.reversed().drop { $0 == character }.reversed())
    }
}
