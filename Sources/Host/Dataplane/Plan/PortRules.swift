import Model

/// The chains of one port: `source_` before the bridge learns anything, `from_` for what it sends, `to_` for what it
/// receives.
struct PortRules {
    private let policy: PortPolicy
    private var suffix: String { short(policy.portID.text) }

    init(_ policy: PortPolicy) {
        self.policy = policy
    }

    var chains: [String] {
        guard policy.isSecured else {
            return ["source", "from", "to"].flatMap { ["\tchain \($0)_\(suffix) {", "\t\taccept", "\t}"] }
        }
        return chain("source", source) + chain("from", from) + chain("to", to)
    }

    private func chain(_ name: String, _ lines: [String]) -> [String] {
        ["\tchain \(name)_\(suffix) {"] + lines.map { "\t\t\($0)" } + ["\t\tdrop", "\t}"]
    }

    /// Nothing but ARP, IPv4 and IPv6; no DHCP server, no router, no redirect; and no address that is not the port's.
    /// Neighbour discovery in fragments is dropped, because its target can be compared only in a whole message (RFC
    /// 6980).
    private var source: [String] {
        var lines = [
            "ether type != { arp, ip, ip6 } drop",
            "ether type ip udp sport 67 drop",
            "ether type ip6 udp sport 547 drop",
            "ether type ip6 icmpv6 type { 134, 137 } drop",
            "ether type ip6 icmpv6 type { 133, 135, 136 } exthdr frag exists drop",
        ]
        let own6 = CIDR.merged(policy.sources.flatMap(\.prefixes)).filter { $0.version == 6 }
        if !own6.contains(where: { $0.length == 0 }) {
            lines.append(
                "ether type ip6 icmpv6 type 136 @th,64,128 != { \(own6.map(\.range).joined(separator: ", ")) } drop")
        }
        for allowed in policy.sources {
            let mac = "ether saddr \(allowed.mac)"
            let arp = "ether type arp arp hlen 6 arp plen 4 \(mac) arp saddr ether \(allowed.mac)"
            let v4 = allowed.prefixes.filter { $0.version == 4 }
            let v6 = allowed.prefixes.filter { $0.version == 6 }
            lines.append("\(arp)\(match("arp saddr ip", v4 + [CIDR(IPAddress(version: 4, number: 0))])) accept")
            lines.append("ether type ip \(mac) ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept")
            if !v4.isEmpty { lines.append("ether type ip \(mac)\(match("ip saddr", v4)) accept") }
            lines.append("ether type ip6 \(mac) ip6 saddr :: icmpv6 type { 131, 132, 133, 135, 143 } accept")
            lines.append("ether type ip6 \(mac)\(match("ip6 saddr", v6)) accept")
        }
        return lines
    }

    private func match(_ field: String, _ prefixes: [CIDR]) -> String {
        let merged = CIDR.merged(prefixes)
        return merged.contains { $0.length == 0 } ? "" : " \(field) \(merged.set)"
    }

    private var from: [String] {
        [
            "ether type arp accept",
            "\(Mark.isEstablished) accept",
            "\(Mark.isInvalid) drop",
            "ether type ip udp sport 68 udp dport 67 accept",
            "ether type ip6 udp sport 546 udp dport 547 accept",
            "ether type ip6 icmpv6 type { 131, 132, 133, 135, 136, 143 } accept",
        ] + policy.groups.map { "jump \(groupChain($0, ingress: false))" }
    }

    private var to: [String] {
        var lines = ["ether type arp accept", "\(Mark.isEstablished) accept", "\(Mark.isInvalid) drop"]
        if let mac = policy.dhcpMAC {
            lines.append("ether type ip ether saddr \(mac) udp sport 67 udp dport 68 accept")
        }
        lines.append("ether type ip6 icmpv6 type { 130, 131, 132, 134, 135, 136 } accept")
        return lines + policy.groups.map { "jump \(groupChain($0, ingress: true))" }
    }
}

extension FilterRule {
    /// The rule as one line of its group's chain.
    var text: String {
        var words = [isIPv4 ? "ether type ip" : "ether type ip6"]
        let peer = (isIPv4 ? "ip" : "ip6") + (isIngress ? " saddr" : " daddr")
        switch remote {
        case .any: break
        case .prefix(let prefix): words.append("\(peer) \(prefix.toolText)")
        case .members(let group, _): words.append("\(peer) @\(memberSet(group, isIPv4: isIPv4))")
        }
        if let transport { words.append("meta l4proto \(transport)") }
        if let ports {
            words.append(
                "th dport \(ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)")")
        }
        let icmp = transport == Transport.icmp ? "icmp" : "icmpv6"
        if let icmpType { words.append("\(icmp) type \(icmpType)") }
        if let icmpCode { words.append("\(icmp) code \(icmpCode)") }
        return words.joined(separator: " ") + " accept"
    }
}

extension CIDR {
    /// As numbers, for a field nftables has no name for.
    fileprivate var range: String {
        func number(_ address: IPAddress) -> String { "0x" + hex(address.number, width: address.bits / 4) }
        return isSingle ? number(first) : number(first) + "-" + number(last)
    }
}
