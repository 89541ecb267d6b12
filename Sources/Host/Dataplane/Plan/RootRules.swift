import HostProtocol
import Model

/// The root namespace's nftables text: one transaction, whichever rules were loaded before.
///
/// A packet's way is (1) bridge prerouting: the network's mark by `iifname`, then the sender's addresses;
/// (2) inet prerouting raw: the conntrack zone by the mark; (3) inet prerouting after conntrack: a mark bit for
/// established and one for invalid; (4) bridge forward: what the sender may send, then what the receiver may
/// receive, by the real interface names. `docs/dataplane.md` tells the rest.
struct RootRules {
    private let plan: HostPlan
    private let topology: NetworkTopology
    private let facts: HostFacts
    private var names: DataplaneNames { facts.names }
    private var externals: Set<NetworkID> { Set(topology.networks.filter(\.isExternal).map(\.id)) }

    init(_ plan: HostPlan, topology: NetworkTopology, facts: HostFacts) {
        self.plan = plan
        self.topology = topology
        self.facts = facts
    }

    var text: String {
        let table = names.table
        var lines = ["add table inet \(table)"]
        // nft packs at most five parts in a type, so the transport is matched beside it.
        for (set, address) in [("cut4", "ipv4_addr"), ("cut6", "ipv6_addr")] {
            let key = "mark . \(address) . \(address) . inet_service . inet_service"
            lines.append("add set inet \(table) \(set) { type \(key); flags timeout; }")
        }
        lines += ["flush table inet \(table)", "table inet \(table) {"] + inetChains + ["}"]
        lines += ["table bridge \(table) {", "}", "delete table bridge \(table)", "table bridge \(table) {"]
        lines += memberSets + knownSet + bridgeChains + groupChains
        for policy in plan.policies { lines += PortRules(policy).chains }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    /// External networks share the host's own addresses, and so its zone: theirs is the default one.
    private var inetChains: [String] {
        let zones = topology.networks.filter { !$0.isExternal }.compactMap { facts.zones[$0.id] }.sorted()
        let map = zones.map { "\(Mark.text($0)) : \($0)" }.joined(separator: ", ")
        let bridges = "\"\(names.bridgePrefix)*\""
        var raw = ["iifname \(bridges) \(Mark.isOther) meta mark set \(names.unplannedMark)", "\(Mark.isOther) accept"]
        if !map.isEmpty { raw.append("ct zone set meta mark map { \(map) }") }
        raw.append("\(Mark.tuple("ip")) @cut4 drop")
        raw.append("\(Mark.tuple("ip6")) @cut6 drop")
        let ranges = plan.externalPrefixes.isEmpty ? nil : CIDR.merged(plan.externalPrefixes).set
        var forward = ["\(Mark.isOurs) accept"]
        var postrouting = ["oifname \(bridges) accept"]
        if let ranges {
            forward.append("ip saddr \(ranges) ip daddr 169.254.0.0/16 drop")
            postrouting.append("ip saddr \(ranges) masquerade")
        }
        let fromHost = "oifname \(bridges) ct state established,related meta mark set \(Mark.hostEstablished)"
        return chain("raw", "filter hook prerouting priority -300", raw)
            + chain(
                "state", "filter hook prerouting priority -150",
                [
                    "\(Mark.isOther) accept",
                    "ct state established,related meta mark set meta mark | \(Mark.established)",
                    "ct state invalid meta mark set meta mark | \(Mark.invalid)",
                ])
            + chain("forward", "filter hook forward priority -10", forward + [fromHost])
            + chain("output", "filter hook output priority -150", [fromHost])
            + chain("postrouting", "nat hook postrouting priority 100", postrouting)
    }

    private var memberSets: [String] {
        var sets: [String: [IPAddress]] = [:]
        for rule in plan.policies.flatMap(\.rules) {
            if case .members(let id, let members) = rule.remote { sets[memberSet(id, isIPv4: rule.isIPv4)] = members }
        }
        return sets.sorted { $0.key < $1.key }.flatMap { name, members in
            ["\tset \(name) {", "\t\ttype \(name.hasPrefix("m4") ? "ipv4_addr" : "ipv6_addr")"]
                + (members.isEmpty ? [] : ["\t\telements = { \(members.map(\.description).joined(separator: ", ")) }"])
                + ["\t}"]
        }
    }

    private var members: [String] { plan.taps.map(\.name) + plan.namespaces.flatMap(\.legs).map(\.outside) }

    /// Every link that is plugged in a bridge by the plan.
    private var knownSet: [String] {
        let elements = members.isEmpty ? [] : ["\t\telements = { \(members.sorted().quoted) }"]
        return ["\tset known {", "\t\ttype ifname"] + elements + ["\t}"]
    }

    /// A link that the plan does not name passes nothing to one that it names, nor the reverse. A link of this cloud
    /// under another name is told by its group; IP over any other link by its mark, as not every kernel tells the
    /// bridge of a port.
    private var bridgeChains: [String] {
        let taps = "\"\(names.tapPrefix)*\""
        let external = externalInterfaces
        let fromRenamed = "iifgroup \(names.memberGroup) iifname != @known drop"
        let toRenamed = "oifgroup \(names.memberGroup) oifname != @known drop"
        let fromUnplanned = "meta mark \(names.unplannedMark) iifname != @known drop"
        var guardLines = [fromUnplanned, fromRenamed]
        if !external.isEmpty { guardLines.append("iifname { \(external.quoted) } accept") }
        guardLines += ["iifname \(taps) drop", "iifname \"\(names.legPrefix)*\" drop"]
        let unplanned = [
            fromUnplanned, "iifname @known oifname != @known drop", "oifname @known iifname != @known drop",
        ]
        return chain(
            "arrival", "filter hook prerouting priority -300",
            [fromRenamed] + markLines + ["iifname \(taps) jump sources"])
            + chain("unplanned", "filter hook forward priority 9", unplanned)
            + chain("forward_from", "filter hook forward priority 10", ["iifname \(taps) jump sends"])
            + chain("forward_to", "filter hook forward priority 11", ["oifname \(taps) jump receives"])
            + chain("input_guard", "filter hook input priority 9", guardLines)
            + chain("input_from", "filter hook input priority 10", ["iifname \(taps) jump sends"])
            + chain("input_clear", "filter hook input priority 20", ["\(Mark.isOurs) meta mark set 0"])
            + chain(
                "output_to", "filter hook output priority 10", [toRenamed, "oifname \(taps) jump receives"])
            + dispatch("sources", to: "source", key: "iifname") + dispatch("sends", to: "from", key: "iifname")
            + dispatch("receives", to: "to", key: "oifname")
    }

    private var markLines: [String] {
        var elements = plan.taps.compactMap { tap in element(tap.name, bridge: tap.bridge) }
        elements += plan.namespaces.flatMap(\.legs).compactMap { element($0.outside, bridge: $0.bridge) }
        return elements.isEmpty ? [] : ["meta mark set iifname map { \(elements.joined(separator: ", ")) }"]
    }

    private func element(_ interface: String, bridge: String) -> String? {
        let network = topology.networks.first { names.bridge($0.id) == bridge }
        return network.flatMap { facts.zones[$0.id] }.map { "\"\(interface)\" : \(Mark.text($0))" }
    }

    /// Only these may speak to the host itself: their bridge carries its gateway address.
    private var externalInterfaces: [String] {
        let bridges = Set(externals.map { names.bridge($0) })
        return plan.taps.filter { bridges.contains($0.bridge) }.map(\.name)
            + plan.namespaces.flatMap(\.legs).filter { bridges.contains($0.bridge) }.map(\.outside)
    }

    /// A tap without rules of its own passes nothing.
    private func dispatch(_ name: String, to chain: String, key: String) -> [String] {
        let targets = plan.policies.map { "\"\($0.tap)\" : goto \(chain)_\(short($0.portID.text))" }
        let map = targets.isEmpty ? [] : ["\t\t\(key) vmap { \(targets.joined(separator: ", ")) }"]
        return ["\tchain \(name) {"] + map + ["\t\tdrop", "\t}"]
    }

    private var groupChains: [String] {
        var rules: [String: [String]] = [:]
        for policy in plan.policies {
            for group in policy.groups {
                let own = policy.rules.filter { $0.groupID == group }
                rules[groupChain(group, ingress: false)] = own.filter { !$0.isIngress }.map(\.text)
                rules[groupChain(group, ingress: true)] = own.filter(\.isIngress).map(\.text)
            }
        }
        return rules.sorted { $0.key < $1.key }.flatMap { name, lines in
            ["\tchain \(name) {"] + lines.map { "\t\t\($0)" } + ["\t}"]
        }
    }

    private func chain(_ name: String, _ hook: String, _ lines: [String]) -> [String] {
        ["\tchain \(name) {", "\t\ttype \(hook); policy accept;"] + lines.map { "\t\t\($0)" } + ["\t}"]
    }
}

/// Packet marks: a signature in the high byte, the network's zone in the low 16 bits.
enum Mark {
    static let established = "0x00010000"
    static let invalid = "0x00020000"
    static let isOurs = "meta mark & 0xff000000 == 0x4e000000"
    static let isOther = "meta mark & 0xff000000 != 0x4e000000"
    static let isEstablished = "meta mark & 0x00010000 == 0x00010000"
    static let isInvalid = "meta mark & 0x00020000 == 0x00020000"
    static let hostEstablished = "0x4e010000"

    /// What is looked up in the `cut` sets: a connection of a network, whichever transport has ports.
    static func tuple(_ family: String) -> String {
        "meta l4proto { 6, 17, 33, 132, 136 } meta mark . \(family) saddr . \(family) daddr . th sport . th dport"
    }

    static func text(_ zone: Int) -> String { "0x" + hex(0x4e00_0000 | zone, width: 8) }
}

func memberSet(_ group: SecurityGroupID, isIPv4: Bool) -> String { "m\(isIPv4 ? 4 : 6)_\(identifier(group.text))" }
func groupChain(_ group: SecurityGroupID, ingress: Bool) -> String {
    "g\(ingress ? "to" : "from")_\(identifier(group.text))"
}

/// An id as an nftables identifier.
private func identifier(_ id: String) -> String {
    UUIDText.isValid(id) ? id.lowercased().filter { $0 != "-" } : short(id)
}

extension [CIDR] {
    var set: String {
        let list = map(\.toolText).joined(separator: ", ")
        return count == 1 ? list : "{ \(list) }"
    }
}

extension [String] {
    var quoted: String { map { "\"\($0)\"" }.joined(separator: ", ") }
}
