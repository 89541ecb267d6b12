import Logging
import Tools

/// Brings the root namespace's bridges, taps and veth ends to the plan. `prepare` leaves new taps and legs down; they
/// come up in `open`, once their rules are loaded.
struct RootLinks {
    private static let leastIPv6MTU = 1280
    let plan: HostPlan
    let names: DataplaneNames
    let logger: Logger

    /// The names of all links of the plan.
    var wanted: Set<String> {
        Set(plan.bridges.map(\.name) + plan.taps.map(\.name) + plan.namespaces.flatMap(\.legs).map(\.outside))
    }

    /// Links that were renamed get their names back, and links of this cloud that the plan does not name go, before
    /// anything else, so that no packet meets rules that are gone. Returns what is left.
    func removeUnwanted() async throws -> [String: LinkState] {
        let wanted = self.wanted
        let present = try await nameAgain(LinkState.read(), wanted)
        let unwanted = names.links(among: present).filter { !wanted.contains($0) }
        if unwanted.isEmpty { return present }
        try await Tool.remove(links: unwanted, group: names.linkGroup)
        return try await LinkState.read()
    }

    private func nameAgain(
        _ present: [String: LinkState], _ wanted: Set<String>
    ) async throws -> [String: LinkState] {
        let renamed = RenamedLinks(present: present, names: names)
        let returning = renamed.returning(to: wanted)
        if returning.isEmpty { return present }
        for (link, name) in returning {
            logger.warning(
                "a link was renamed and gets its name back", metadata: ["link": "\(name)", "was": "\(link)"])
        }
        try await Tool.ip(renamed.commands(returning))
        return try await LinkState.read()
    }

    func prepare(_ present: [String: LinkState]) async throws {
        var commands: [String] = []
        for bridge in plan.bridges { commands += prepare(bridge, present[bridge.name]) }
        for tap in plan.taps {
            if present[tap.name] == nil { commands.append("tuntap add dev \(tap.name) mode tap vnet_hdr") }
            commands += attach(tap.name, to: tap.bridge, mtu: tap.mtu, present[tap.name])
        }
        try await Tool.ip(commands)
    }

    private func prepare(_ bridge: PlannedBridge, _ state: LinkState?) -> [String] {
        var commands: [String] = []
        let name = bridge.name
        let kept = state.flatMap { $0.isBridge ? $0 : nil }
        if kept == nil {
            if state != nil { commands.append("link del \(name)") }
            commands.append("link add \(name) address \(bridge.mac) mtu \(bridge.mtu) type bridge \(Self.options)")
            commands += noOwnAddress(name, mtu: bridge.mtu)
        } else if kept?.isFiltered != true {
            commands.append("link set \(name) type bridge \(Self.options)")
        }
        commands += label(name, state)
        if let kept {
            commands += resize(name, to: bridge.mtu, kept)
            if kept.address != bridge.mac { commands.append("link set \(name) address \(bridge.mac)") }
        }
        if kept?.isUp != true { commands.append("link set \(name) up") }
        return commands + addressCommands(name, from: kept?.addresses ?? [], to: bridge.addresses)
    }

    private static let options =
        "forward_delay 0 stp_state 0 mcast_snooping 0 nf_call_iptables 1 nf_call_ip6tables 1"

    private func attach(_ name: String, to bridge: String, mtu: Int, _ state: LinkState?) -> [String] {
        var commands = state.map { resize(name, to: mtu, $0) } ?? ["link set \(name) mtu \(mtu)"]
        commands += label(name, state)
        if state?.group != "\(names.memberGroup)" { commands.append("link set \(name) group \(names.memberGroup)") }
        if state?.master != bridge { commands += noOwnAddress(name, mtu: mtu) + ["link set \(name) master \(bridge)"] }
        return commands
    }

    private func label(_ name: String, _ state: LinkState?) -> [String] {
        state?.ifalias == name ? [] : ["link set \(name) alias \(name)"]
    }

    /// Keeps the kernel from giving a link an IPv6 address of its own. Below IPv6's least MTU it gives none, and
    /// refuses the command.
    private func noOwnAddress(_ name: String, mtu: Int) -> [String] {
        mtu < Self.leastIPv6MTU ? [] : ["link set \(name) addrgenmode none"]
    }

    /// A larger MTU may bring IPv6 to a link, which must have no address before it is up.
    private func resize(_ name: String, to mtu: Int, _ state: LinkState) -> [String] {
        let set = "link set \(name) mtu \(mtu)"
        guard state.mtu != mtu else { return [] }
        guard let present = state.mtu, present < Self.leastIPv6MTU, mtu >= Self.leastIPv6MTU else { return [set] }
        return ["link set \(name) down", set] + noOwnAddress(name, mtu: mtu)
            + (state.isUp ? ["link set \(name) up"] : [])
    }

    /// Attaches the veth ends, and sets every tap and leg up or down as planned.
    func open() async throws {
        let present = try await LinkState.read()
        var commands: [String] = []
        for leg in plan.namespaces.flatMap(\.legs) {
            guard let state = present[leg.outside] else { continue }
            commands += attach(leg.outside, to: leg.bridge, mtu: leg.mtu, state)
            if !state.isUp { commands.append("link set \(leg.outside) up") }
        }
        for tap in plan.taps where present[tap.name]?.isUp != tap.up {
            commands.append("link set \(tap.name) \(tap.up ? "up" : "down")")
        }
        try await Tool.ip(commands)
    }
}
