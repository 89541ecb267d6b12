/// Why no host takes a request.
package struct Refusal: Sendable, Equatable {
    /// The hosts that one rule took away, after the rules before it.
    package struct Removal: Sendable, Equatable {
        package var rule: HostRule
        package var count = 0
        /// The first few, by name; for administrators.
        package var hostnames: [String] = []

        private static let named = 5

        init(rule: HostRule) {
            self.rule = rule
        }

        mutating func add(_ host: HostState) {
            count += 1
            if hostnames.count < Self.named { hostnames.append(host.hostname) }
        }
    }

    package var considered: Int
    /// In the order of the rules.
    package var removals: [Removal]
    /// `nil` when no smaller request would fit either.
    package var nearestMiss: NearestMiss?

    /// Hosts that broke no rule and still could not be claimed.
    package var unclaimed: Int { considered - removals.reduce(0) { $0 + $1.count } }
}

/// The smallest change that would have made the request succeed: fewest things given up, then least of them.
package struct NearestMiss: Sendable, Equatable {
    package var relaxations: [Relaxation]
    /// How many hosts take the request then.
    package var hosts: Int
    /// One of them; for administrators.
    package var hostname: String
}

/// One thing that a request gives up.
package enum Relaxation: Sendable, Equatable {
    package enum ImageProperty: String, Sendable {
        case architecture = "hw_architecture"
        case hypervisorType = "img_hv_type"
    }

    case less(HostResource, by: Int, of: Int)
    /// A resource class that hosts of this cloud do not have.
    case withoutResource(String)
    case withoutZone(String)
    /// Forced or requested.
    case withoutHost
    case withoutCapability(String)
    case withoutImageProperty(ImageProperty)
    /// One that aggregates keep hosts for.
    case withoutIsolatedProperty(String)
    /// What the flavor asks of aggregates.
    case withoutAggregateSpec(String)
    case withoutRequiredTrait(String)
    case withoutForbiddenTrait(String)
    case withoutHint(SchedulerHint)

    /// The part of what was asked that is given up.
    package var cost: Double {
        if case .less(_, let amount, let asked) = self { Double(amount) / Double(asked) } else { 1 }
    }
}

extension SchedulingRequest {
    package func relaxed(by relaxations: [Relaxation]) -> SchedulingRequest {
        var request = self
        for relaxation in relaxations { request.relax(relaxation) }
        return request
    }

    private mutating func relax(_ relaxation: Relaxation) {
        switch relaxation {
        case .less(let resource, let amount, _): self[resource] -= amount
        case .withoutResource(let name): otherResources.removeAll { $0 == name }
        case .withoutZone: availabilityZone = nil
        case .withoutHost: (forcedHost, requestedHost) = (nil, nil)
        case .withoutCapability(let name): capabilities.removeAll { $0.name == name }
        case .withoutImageProperty(.architecture): architecture = nil
        case .withoutImageProperty(.hypervisorType): hypervisorType = nil
        case .withoutIsolatedProperty(let name): imageProperties[name] = nil
        case .withoutAggregateSpec(let name): aggregateSpecs.removeAll { $0.name == name }
        case .withoutRequiredTrait(let trait): requiredTraits.removeAll { $0 == trait }
        case .withoutForbiddenTrait(let trait): forbiddenTraits.removeAll { $0 == trait }
        case .withoutHint(.sameHost): affinity.sameHosts = nil
        case .withoutHint(.differentHost): affinity.differentHosts = []
        case .withoutHint(.group): affinity.policy = nil
        }
    }
}
