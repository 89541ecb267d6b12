package import HostProtocol
import Tools

/// Compares the kernel's objects with a topology's plan.
extension KernelDataplane {
    package func idleTaps() async throws -> Set<String> {
        let taps = try await LinkState.read().filter { $0.key.hasPrefix(names.tapPrefix) }
        return Set(taps.filter { $0.value.isUp && !$0.value.hasCarrier }.keys)
    }

    package func differences(from topology: NetworkTopology) async throws -> [String] {
        let names = self.names
        // Zones are claimed by whoever applies a plan; no name of a link, namespace or chain depends on them.
        let zones = Dictionary(uniqueKeysWithValues: topology.networks.enumerated().map { ($1.id, $0 + 1) })
        let plan = HostPlan(topology, HostFacts(names: names, zones: zones))
        let links = Set(try await LinkState.read().keys.filter { names.owns(link: $0) })
        let namespaces = Set(try NamespaceApplier.present(names))
        return plan.troubles.map { "network: left out of the plan is \($0)" }
            + Self.compare("link", links, RootLinks(plan: plan, names: names, logger: logger).wanted)
            + Self.compare("namespace", namespaces, Set(plan.namespaces.map(\.name)))
            + Self.compare("chain", try await loadedChains(), Self.chains(in: plan.rules))
    }

    private static func compare(_ what: String, _ present: Set<String>, _ wanted: Set<String>) -> [String] {
        wanted.subtracting(present).sorted().map { "\(what): \($0) is not there" }
            + present.subtracting(wanted).sorted().map { "\(what): \($0) should not be there" }
    }

    private func loadedChains() async throws -> Set<String> {
        var found: Set<String> = []
        for family in ["inet", "bridge"] {
            let text = try await Tool.run("nft", ["list", "table", family, names.table], accept: [0, 1])
            found.formUnion(Self.chains(in: text))
        }
        return found
    }

    /// The names in lines such as `chain to_12345678 {`, of rules to be loaded and of rules as they are listed.
    private static func chains(in rules: String) -> Set<String> {
        Set(
            rules.split(separator: "\n").compactMap { line in
                let words = line.split(whereSeparator: \.isWhitespace)
                return words.count >= 3 && words[0] == "chain" && words[2] == "{" ? String(words[1]) : nil
            })
    }
}
