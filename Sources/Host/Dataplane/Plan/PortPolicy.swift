import HostProtocol
package import Model

/// What one local port may send and receive: the source of both the rules that are loaded and the judgement of
/// connections that exist already.
package struct PortPolicy: Sendable, Equatable {
    /// A MAC the guest may use, and the addresses it may use with it.
    package struct Source: Sendable, Equatable {
        package var mac: MACAddress
        package var prefixes: [CIDR]
    }

    package var portID: PortID
    package var networkID: NetworkID
    package var tap: String
    /// Neutron's `port_security_enabled`: without it neither sources nor groups are checked.
    package var isSecured: Bool
    package var sources: [Source]
    package var groups: [SecurityGroupID]
    package var rules: [FilterRule]
    /// The only port whose DHCP answers reach the guest.
    package var dhcpMAC: MACAddress?

    /// The addresses by which a connection is known to be this port's.
    package var prefixes: [CIDR] { CIDR.merged(sources.flatMap(\.prefixes)) }
}

/// A security group's rule with its remote side resolved.
package struct FilterRule: Sendable, Equatable {
    package enum Remote: Sendable, Equatable {
        case any
        case prefix(CIDR)
        case members(SecurityGroupID, [IPAddress])
    }

    package var groupID: SecurityGroupID
    package var isIngress: Bool
    package var isIPv4: Bool
    /// An IP protocol number.
    package var transport: Int?
    package var ports: ClosedRange<Int>?
    package var icmpType: Int?
    package var icmpCode: Int?
    package var remote: Remote
}

extension PortPolicy {
    init(
        _ port: TopologyPort, network: TopologyNetwork?, groups: [SecurityGroupID: TopologySecurityGroup],
        names: DataplaneNames
    ) throws(PlanError) {
        let mac = try MACAddress(planned: port.macAddress)
        var allowed = [mac: [CIDR(mac.linkLocal)]]
        for address in port.addresses {
            allowed[mac, default: []].append(CIDR(try IPAddress(planned: address.address)))
        }
        for pair in port.allowedPairs {
            let other = pair.macAddress.isEmpty ? mac : try MACAddress(planned: pair.macAddress)
            allowed[other, default: [CIDR(other.linkLocal)]].append(try CIDR(planned: pair.ipAddress))
        }
        portID = port.id
        networkID = port.networkID
        tap = names.tap(port.id)
        isSecured = port.portSecurity
        sources = allowed.sorted { $0.key < $1.key }.map { Source(mac: $0.key, prefixes: CIDR.merged($0.value)) }
        dhcpMAC = try network?.dhcpPort.map { (dhcp) throws(PlanError) in try MACAddress(planned: dhcp.macAddress) }
        self.groups = []
        rules = []
        guard port.portSecurity else { return }
        for id in Set(port.securityGroups).sorted() {
            guard let group = groups[id] else { continue }
            self.groups.append(id)
            for rule in group.rules {
                if let filter = try FilterRule(rule, in: id, groups: groups) { rules.append(filter) }
            }
        }
    }
}

extension FilterRule {
    /// `nil` for a rule that could match nothing: a port without a transport that has ports, an unknown transport, or a
    /// remote side of the other IP version. What cannot be matched stays denied.
    init?(
        _ rule: TopologySecurityGroup.Rule, in group: SecurityGroupID,
        groups: [SecurityGroupID: TopologySecurityGroup]
    ) throws(PlanError) {
        groupID = group
        isIngress = rule.direction == .ingress
        isIPv4 = rule.etherType == .ipv4
        transport = nil
        let version = isIPv4 ? 4 : 6
        if let name = rule.transport, name.lowercased() != "any" {
            guard let number = Transport.number(name, isIPv4: isIPv4) else { return nil }
            transport = number
        }
        remote = .any
        if let text = rule.remotePrefix {
            let prefix = try CIDR(planned: text)
            guard prefix.version == version else { return nil }
            remote = prefix.length == 0 ? .any : .prefix(prefix)
        } else if let id = rule.remoteGroup {
            var members: [IPAddress] = []
            for text in groups[id]?.memberAddresses ?? [] {
                let address = try IPAddress(planned: text)
                if address.version == version { members.append(address) }
            }
            remote = .members(id, Set(members).sorted())
        }
        guard limit(rule.portMin, rule.portMax) else { return nil }
    }

    /// Takes over the port range, or the ICMP type and code. False when the transport has neither.
    private mutating func limit(_ low: Int?, _ high: Int?) -> Bool {
        guard low != nil || high != nil else { return true }
        switch transport {
        case Transport.icmp, Transport.icmpv6:
            guard let low, (0...255).contains(low), (0...255).contains(high ?? 0) else { return false }
            (icmpType, icmpCode) = (low, high)
        case .some(let number) where Transport.withPorts.contains(number):
            let (first, last) = (low ?? 0, high ?? 65_535)
            guard first <= last, first >= 0, last <= 65_535 else { return false }
            ports = first...last
        default:
            return false
        }
        return true
    }
}

/// IP protocols by Neutron's names.
enum Transport {
    static let icmp = 1
    static let tcp = 6
    static let udp = 17
    static let icmpv6 = 58
    /// TCP, UDP, DCCP, SCTP, UDP-Lite.
    static let withPorts: Set = [6, 17, 33, 132, 136]

    private static let numbers = [
        "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "icmp": 1, "icmpv6": 58, "igmp": 2, "ipip": 4,
        "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43,
        "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
    ]

    /// `icmp` in a rule for IPv6 means ICMPv6, as in Neutron.
    static func number(_ name: String, isIPv4: Bool) -> Int? {
        let lower = name.lowercased()
        guard let number = numbers[lower] ?? Int(lower), (0...255).contains(number) else { return nil }
        return number == icmp && !isIPv4 ? icmpv6 : number
    }
}
