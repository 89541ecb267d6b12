package import Model

/// One part of the network in full.
package struct TopologyPart: Codable, Sendable, Equatable {
    package enum Content: Codable, Sendable, Equatable {
        /// The ports of servers on any host, in the order of their making.
        case network(TopologyNetwork, ports: [TopologyPort])
        case router(TopologyRouter)
        case rules([TopologySecurityGroup.Rule])
        case members([String])
    }

    package var part: NetworkPart
    /// Another one whenever the content is another, in whatever history of the store; it says nothing of before and
    /// after.
    package var generation: String
    package var content: Content

    package init(part: NetworkPart, generation: String, content: Content) {
        self.part = part
        self.generation = generation
        self.content = content
    }
}

/// How what a host should have differs from what it has, as of one moment.
package struct TopologyNews: Codable, Sendable, Equatable {
    /// What it has, and should have no longer.
    package var gone: [NetworkPart]
    package var changed: [TopologyPart]

    package init(gone: [NetworkPart] = [], changed: [TopologyPart] = []) {
        self.gone = gone
        self.changed = changed
    }

    package var isEmpty: Bool { gone.isEmpty && changed.isEmpty }
}

/// The parts that a host has, and the whole topology that they make.
package struct HeldTopology: Sendable {
    private var parts: [NetworkPart: TopologyPart] = [:]

    package init() {}

    package var generations: [NetworkPart: String] { parts.mapValues(\.generation) }

    package mutating func take(_ news: TopologyNews) {
        for part in news.gone { parts[part] = nil }
        for part in news.changed { parts[part.part] = part }
    }

    /// Equal for equal parts, whatever way they came.
    package var topology: NetworkTopology {
        var topology = NetworkTopology()
        var groups: [SecurityGroupID: TopologySecurityGroup] = [:]
        func group(_ id: SecurityGroupID) -> TopologySecurityGroup {
            groups[id] ?? TopologySecurityGroup(id: id, rules: [], memberAddresses: [])
        }
        for (part, held) in parts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            switch (part, held.content) {
            case (.network, .network(let network, let ports)):
                topology.networks.append(network)
                topology.ports += ports
            case (.router, .router(let router)): topology.routers.append(router)
            case (.rules(let id), .rules(let rules)):
                var found = group(id)
                found.rules = rules
                groups[id] = found
            case (.members(let id), .members(let addresses)):
                var found = group(id)
                found.memberAddresses = addresses
                groups[id] = found
            default: continue
            }
        }
        topology.securityGroups = groups.values.sorted { $0.id < $1.id }
        return topology
    }
}
