/// Compares the links of the root namespace with a plan: which are there, and whether they carry what they should.
struct LinkAudit {
    let plan: HostPlan
    let names: DataplaneNames
    let present: [String: LinkState]

    private var legs: [PlannedLeg] { plan.namespaces.flatMap(\.legs) }

    var differences: [String] {
        let wanted = Set(plan.bridges.map(\.name) + plan.taps.map(\.name) + legs.map(\.outside))
        let renamed = RenamedLinks(present: present, names: names).formerNames.filter { wanted.contains($0.value) }
        let owned = Set(names.links(among: present)).subtracting(renamed.keys)
        return renamed.sorted { $0.key < $1.key }.map { "link: \($1) is called \($0)" }
            + difference("link", owned.union(renamed.values), wanted)
            + plan.bridges.flatMap(bridge) + plan.taps.flatMap(tap) + legs.flatMap(leg)
            + unplanned(besides: wanted.union(renamed.keys))
    }

    private func bridge(_ plan: PlannedBridge) -> [String] {
        guard let link = present[plan.name] else { return [] }
        return link.differences(plan.name, up: true, mtu: plan.mtu)
            + (link.address == plan.mac
                ? [] : ["link: \(plan.name) has the MAC \(link.address ?? "-"), should have \(plan.mac)"])
            + (link.isFiltered ? [] : ["link: \(plan.name) does not pass its packets to the rules, should"])
            + addressDifferences(plan.name, link.addresses, plan.addresses)
    }

    private func tap(_ plan: PlannedTap) -> [String] {
        guard let link = present[plan.name] else { return [] }
        return link.differences(plan.name, up: plan.up, mtu: plan.mtu) + link.differences(plan.name, on: plan.bridge)
    }

    private func leg(_ plan: PlannedLeg) -> [String] {
        guard let link = present[plan.outside] else { return [] }
        return link.differences(plan.outside, up: true, mtu: plan.mtu)
            + link.differences(plan.outside, on: plan.bridge)
    }

    private func unplanned(besides known: Set<String>) -> [String] {
        let bridges = Set(plan.bridges.map(\.name))
        return present.sorted { $0.key < $1.key }.compactMap { name, link in
            guard let master = link.master, bridges.contains(master), !known.contains(name) else { return nil }
            return "link: \(name) is on \(master), should not be: the rules do not know it, and it passes nothing"
        }
    }
}

/// Compares the inside of a namespace with its plan.
struct NamespaceAudit {
    let plan: PlannedNamespace
    let state: NamespaceState

    var differences: [String] {
        var lines: [String] = []
        for leg in plan.legs {
            let name = "\(leg.inside) in \(plan.name)"
            guard let link = state.links[leg.inside] else {
                lines.append("link: \(name) is not there")
                continue
            }
            lines += link.differences(name, up: true, mtu: leg.mtu)
            lines += addressDifferences(name, link.addresses, leg.addresses)
            if link.address != leg.mac {
                lines.append("link: \(name) has the MAC \(link.address ?? "-"), should have \(leg.mac)")
            }
        }
        return lines + difference("route", Set(state.routes.map(text)), Set(plan.routes.map(text)))
    }

    private func text(_ route: PlannedRoute) -> String { "\(route.destination) via \(route.via) in \(plan.name)" }
}

private func addressDifferences(_ name: String, _ present: Set<String>, _ wanted: [String]) -> [String] {
    difference("address", Set(present.map { "\($0) on \(name)" }), Set(wanted.map { "\($0) on \(name)" }))
}

extension LinkState {
    fileprivate func differences(_ name: String, up: Bool, mtu wanted: Int) -> [String] {
        (isUp == up ? [] : ["link: \(name) is \(isUp ? "up" : "down"), should be \(up ? "up" : "down")"])
            + (mtu == wanted ? [] : ["link: \(name) has MTU \(mtu ?? 0), should have \(wanted)"])
    }

    fileprivate func differences(_ name: String, on bridge: String) -> [String] {
        master == bridge ? [] : ["link: \(name) is on \(master ?? "no bridge"), should be on \(bridge)"]
    }
}
