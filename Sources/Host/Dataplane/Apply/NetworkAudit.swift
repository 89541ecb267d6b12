package import HostProtocol
import Tools

/// Compares what the kernel does with a topology's plan.
extension KernelDataplane {
    package func idleTaps() async throws -> Set<String> {
        let taps = try await LinkState.read().filter { $0.key.hasPrefix(names.tapPrefix) }
        return Set(taps.filter { $0.value.isUp && !$0.value.hasCarrier }.keys)
    }

    package func differences(from topology: NetworkTopology) async throws -> [String] {
        let names = self.names
        let facts = HostFacts(names: names, zones: try MachineClaims(names: names).claimedZones())
        let plan = HostPlan(topology, facts)
        let links = LinkAudit(plan: plan, names: names, present: try await LinkState.read())
        return plan.troubles.map { "network: left out of the plan is \($0)" } + links.differences
            + (try await RuleAudit(names: names).differences(from: plan.rules))
            + (try await namespaces(plan))
            + plan.dhcp.filter { DnsmasqDaemon.pid(in: $0.directory) == nil }
            .map { "dhcp: network \($0.networkID) has no dnsmasq, should have one" }
    }

    private func namespaces(_ plan: HostPlan) async throws -> [String] {
        let present = Set(try NamespaceApplier.present(names))
        var lines = difference("namespace", present, Set(plan.namespaces.map(\.name)))
        for namespace in plan.namespaces where present.contains(namespace.name) {
            lines += NamespaceAudit(plan: namespace, state: try await NamespaceState.read(namespace.name)).differences
            guard let rules = namespace.rules else { continue }
            lines += try await RuleAudit(names: names).differences(from: rules, in: namespace.name)
        }
        return lines
    }
}

/// What is missing, then what should not be there.
func difference(_ what: String, _ present: Set<String>, _ wanted: Set<String>) -> [String] {
    wanted.subtracting(present).sorted().map { "\(what): \($0) is not there" }
        + present.subtracting(wanted).sorted().map { "\(what): \($0) should not be there" }
}
