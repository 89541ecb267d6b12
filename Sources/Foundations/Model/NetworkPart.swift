/// A piece of what hosts make of the network. Each has a generation of its own, so that a change of one is no other's.
package enum NetworkPart: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable { case network, router, rules, members }

    /// A network with its subnets and its servers' ports.
    case network(NetworkID)
    /// A router with its legs and floating IPs.
    case router(RouterID)
    /// The rules of a security group.
    case rules(SecurityGroupID)
    /// The addresses of all ports that carry a security group.
    case members(SecurityGroupID)

    package var kind: Kind {
        switch self {
        case .network: .network
        case .router: .router
        case .rules: .rules
        case .members: .members
        }
    }

    private var id: String {
        switch self {
        case .network(let id): id.text
        case .router(let id): id.text
        case .rules(let id), .members(let id): id.text
        }
    }
}

/// As the store and the line between hosts and cloud have it: `network/8c1e...`.
extension NetworkPart: RawRepresentable, Codable, CodingKeyRepresentable {
    package init?(rawValue: String) {
        guard let slash = rawValue.firstIndex(of: "/"), let kind = Kind(rawValue: String(rawValue[..<slash])) else {
            return nil
        }
        let id = String(rawValue[rawValue.index(after: slash)...])
        switch kind {
        case .network: self = .network(NetworkID(id))
        case .router: self = .router(RouterID(id))
        case .rules: self = .rules(SecurityGroupID(id))
        case .members: self = .members(SecurityGroupID(id))
        }
    }

    package var rawValue: String { "\(kind.rawValue)/\(id)" }
}
