import Model

/// The words of a refusal.
extension Refusal {
    /// For the user: no host names.
    package var message: String { "No valid host was found. \(summary)" }

    /// The same after another sentence has said that there is no host.
    package var summary: String {
        guard considered > 0 else { return "There are no hosts." }
        var parts = removals.map { "\($0.count) \($0.rule.reason(isOne: $0.count == 1))" }
        if unclaimed > 0 { parts.append("\(unclaimed) could not be claimed in time") }
        let counts = "Of \(Self.count(considered, "host")), \(parts.joined(separator: ", "))."
        if let nearestMiss { return "\(counts) \(nearestMiss.sentence)" }
        return unclaimed > 0 ? counts : "\(counts) No smaller request would fit either."
    }

    /// For administrators: the same by name.
    package var details: String {
        var lines = removals.map { removal in
            let rest = removal.count - removal.hostnames.count
            let names = removal.hostnames.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
            return "\(names): \(removal.rule.reason(isOne: removal.count == 1))"
        }
        if let miss = nearestMiss {
            lines.append("\(miss.hostname) comes nearest: it would do \(miss.condition(withTotals: true)).")
        }
        return lines.joined(separator: "\n")
    }

    func fault(at now: Timestamp) -> ServerFault {
        ServerFault(code: 500, created: now.iso8601(), message: message, details: details)
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

extension NearestMiss {
    fileprivate var sentence: String {
        let text = condition(withTotals: false)
        return "\(text.prefix(1).uppercased())\(text.dropFirst()) it would fit on \(Refusal.count(hosts, "host"))."
    }

    /// Such as "with 512 MiB less memory and without the hint same_host".
    fileprivate func condition(withTotals: Bool) -> String {
        let smaller = relaxations.compactMap { $0.smaller(withTotal: withTotals) }.joined(separator: " and ")
        let dropped = relaxations.compactMap(\.dropped).joined(separator: " and ")
        return [smaller.isEmpty ? "" : "with \(smaller)", dropped.isEmpty ? "" : "without \(dropped)"]
            .filter { !$0.isEmpty }.joined(separator: " and ")
    }
}

extension Relaxation {
    fileprivate func smaller(withTotal: Bool) -> String? {
        guard case .less(let resource, let amount, let asked) = self else { return nil }
        let text =
            switch resource {
            case .vcpus: "\(amount) fewer vCPU\(amount == 1 ? "" : "s")"
            case .memory: "\(amount) MiB less memory"
            case .disk: "\(amount) GiB less disk"
            }
        return withTotal ? "\(text) (it has \(asked - amount) of \(asked))" : text
    }

    fileprivate var dropped: String? {
        switch self {
        case .less: nil
        case .withoutResource(let name): "the resource \(name)"
        case .withoutZone(let zone): "the availability zone '\(zone)'"
        case .withoutHost: "the requested host"
        case .withoutCapability(let name): "the capability \(name)"
        case .withoutImageProperty(let property): "the image property \(property.rawValue)"
        case .withoutIsolatedProperty(let name): "the image property \(name)"
        case .withoutAggregateSpec(let name): "the extra spec aggregate_instance_extra_specs:\(name)"
        case .withoutRequiredTrait(let trait): "the required trait \(trait)"
        case .withoutForbiddenTrait(let trait): "the forbidden trait \(trait)"
        case .withoutHint(let hint): "the hint \(hint.rawValue)"
        }
    }
}

extension HostRule {
    /// What follows a number of hosts.
    package func reason(isOne: Bool) -> String {
        let (are, lack, hold) = isOne ? ("is", "lacks", "holds") : ("are", "lack", "hold")
        return switch self {
        case .up: "\(are) down"
        case .enabled: "\(are) disabled"
        case .well: "\(are) unwell"
        case .zone: "\(are) in another availability zone"
        case .host: "\(are) not the requested host"
        case .tenant: "\(are) kept for other projects"
        case .capability: "\(lack) a capability of the flavor"
        case .aggregateSpec: "\(are) in no aggregate that the flavor asks for"
        case .image: "cannot run the image"
        case .imageIsolation: "\(are) kept for other images"
        case .requiredTrait: "\(lack) a required trait"
        case .forbiddenTrait: "\(isOne ? "has" : "have") a forbidden trait"
        case .isolatedTrait: "\(are) kept for servers that require another trait"
        case .resourceClass: "\(lack) a resource class of the flavor"
        case .sameHost: "\(hold) no server of the hint same_host"
        case .differentHost: "\(hold) a server of the hint different_host"
        case .affinity: "\(are) not where the affinity group's servers are"
        case .antiAffinity: "\(hold) as many servers of the anti-affinity group as a host may"
        case .vcpus: "\(lack) free VCPU"
        case .memory: "\(lack) free MEMORY_MB"
        case .disk: "\(lack) free DISK_GB"
        }
    }
}
