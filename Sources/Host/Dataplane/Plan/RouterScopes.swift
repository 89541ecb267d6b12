import HostProtocol
import Model

/// What a router passes on: nothing for link-local addresses, and nothing that begins in one address scope and ends in
/// another. A floating address is known in both.
struct RouterScopes {
    struct Leg {
        let name: String
        let scopes: [String: AddressScopeID?]

        init(name: String, _ interface: TopologyRouter.Interface) {
            self.name = name
            scopes = ["ipv4": interface.ipv4Scope, "ipv6": interface.ipv6Scope]
        }

        func scope(_ family: String) -> AddressScopeID? { scopes[family] ?? nil }
    }

    var legs: [Leg] = []
    var gateway: Leg?

    /// The legs in the scope of the gateway.
    var besideGateway: [String] {
        guard let scope = gateway?.scope("ipv4") else { return [] }
        return legs.filter { $0.scope("ipv4") == scope }.map(\.name).sorted()
    }

    func text(table: String) -> String {
        let crossings = ["ipv4", "ipv6"].flatMap(crossings)
        let lines =
            ["table inet \(table) {", "}", "delete table inet \(table)", "table inet \(table) {", "\tchain guard {"]
            + ["\t\ttype filter hook forward priority 0; policy accept;", "\t\tip daddr 169.254.0.0/16 drop"]
            + (crossings.isEmpty ? [] : ["\t\tct status dnat accept"]) + crossings + ["\t}", "}"]
        return lines.joined(separator: "\n") + "\n"
    }

    private func crossings(_ family: String) -> [String] {
        let all = legs + [gateway].compactMap(\.self)
        return legs.sorted { $0.name < $1.name }.compactMap { leg in
            let others = all.filter { $0.scope(family) != leg.scope(family) }.map(\.name).sorted()
            guard !others.isEmpty else { return nil }
            return "\t\tmeta nfproto \(family) iifname { \(others.quoted) } oifname \"\(leg.name)\" "
                + "ct state != { established, related } drop"
        }
    }
}
