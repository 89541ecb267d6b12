import Model

/// One reason for which a host is not taken, in the order in which rules are asked: Nova's default filters, and what
/// Placement would have refused.
package enum HostRule: Int, Sendable, CaseIterable {
    case up, enabled, well, zone, host, capability, image, aggregateSpec, tenant, imageIsolation
    case requiredTrait, forbiddenTrait, isolatedTrait, resourceClass
    case sameHost, differentHost, affinity, antiAffinity
    case vcpus, memory, disk
}

extension SchedulingRequest {
    /// Gets a rule that the host breaks and what the request would have to give up for it; `nil`: nothing helps. Says
    /// whether to go on.
    typealias Report = (HostRule, Relaxation?) -> Bool

    /// The first rule that the host breaks.
    package func firstBroken(by host: HostState) -> HostRule? {
        var first: HostRule?
        judge(host) { rule, _ in
            first = rule
            return false
        }
        return first
    }

    /// Reports every rule that the host breaks, in order, as long as it is asked to go on.
    func judge(_ host: HostState, _ report: Report) {
        if forcedHost == host.hostname {
            guard judgeForced(host, report), judgeTraits(host, report), judgeGroup(host, report) else { return }
            _ = judgeRoom(host, report)
            return
        }
        guard judgeService(host, report), judgeCapabilities(host, report), judgeAggregates(host, report),
            judgeTraits(host, report), judgeHints(host, report), judgeGroup(host, report)
        else { return }
        _ = judgeRoom(host, report)
    }

    private func judgeService(_ host: HostState, _ report: Report) -> Bool {
        if !host.isUp, !report(.up, nil) { return false }
        if host.isDisabled, !report(.enabled, nil) { return false }
        if !host.troubles.isEmpty, !report(.well, nil) { return false }
        if let zone = availabilityZone, zone != host.availabilityZone, !report(.zone, .withoutZone(zone)) {
            return false
        }
        if let wanted = forcedHost ?? requestedHost, wanted != host.hostname { return report(.host, .withoutHost) }
        return true
    }

    /// What Placement would refuse though the host was forced. It knows zones by their aggregates, and the default zone
    /// has none.
    private func judgeForced(_ host: HostState, _ report: Report) -> Bool {
        if host.isDisabled, !report(.enabled, nil) { return false }
        guard let zone = availabilityZone, zone != Host.defaultZone, zone != host.availabilityZone else { return true }
        return report(.zone, .withoutZone(zone))
    }

    private func judgeCapabilities(_ host: HostState, _ report: Report) -> Bool {
        for wanted in capabilities where !host.has(wanted) {
            if !report(.capability, .withoutCapability(wanted.name)) { return false }
        }
        if let architecture, architecture != host.architecture,
            !report(.image, .withoutImageProperty(.architecture))
        {
            return false
        }
        if let hypervisorType, !host.runs(hypervisorType) {
            return report(.image, .withoutImageProperty(.hypervisorType))
        }
        return true
    }

    /// Whom aggregates keep the host for, and what the flavor asks of them.
    private func judgeAggregates(_ host: HostState, _ report: Report) -> Bool {
        for wanted in aggregateSpecs {
            let values = host.aggregates?.values[wanted.name] ?? []
            guard !values.contains(where: { ExtraSpecOperator.matches($0, wanted.wish) }) else { continue }
            if !report(.aggregateSpec, .withoutAggregateSpec(wanted.name)) { return false }
        }
        guard let aggregates = host.aggregates else { return true }
        if let project, !aggregates.projects.isEmpty, !aggregates.projects.contains(project.text),
            !report(.tenant, nil)
        {
            return false
        }
        for name in aggregates.keys {
            guard let property = imageProperties[name], !property.isEmpty else { continue }
            if aggregates.values[name]?.contains(property) != true,
                !report(.imageIsolation, .withoutIsolatedProperty(name))
            {
                return false
            }
        }
        return true
    }

    private func judgeTraits(_ host: HostState, _ report: Report) -> Bool {
        let kept = host.aggregates?.requiredTraits ?? []
        for trait in requiredTraits where !host.traits.contains(trait) {
            // Without it the host is not for the server either.
            if !report(.requiredTrait, kept.contains(trait) ? nil : .withoutRequiredTrait(trait)) { return false }
        }
        for trait in forbiddenTraits where host.traits.contains(trait) {
            if !report(.forbiddenTrait, .withoutForbiddenTrait(trait)) { return false }
        }
        for trait in kept where !requiredTraits.contains(trait) {
            if !report(.isolatedTrait, nil) { return false }
        }
        for name in otherResources {
            if !report(.resourceClass, .withoutResource(name)) { return false }
        }
        return true
    }

    private func judgeHints(_ host: HostState, _ report: Report) -> Bool {
        if let same = affinity.sameHosts, !same.contains(host.id), !report(.sameHost, .withoutHint(.sameHost)) {
            return false
        }
        guard !affinity.differentHosts.contains(host.id) else {
            return report(.differentHost, .withoutHint(.differentHost))
        }
        return true
    }

    private func judgeGroup(_ host: HostState, _ report: Report) -> Bool {
        guard affinity.policy != nil else { return true }
        let members = affinity.members[host.id] ?? 0
        if affinity.policy == .affinity, members == 0, !affinity.members.isEmpty {
            return report(.affinity, .withoutHint(.group))
        }
        if affinity.policy == .antiAffinity, members >= affinity.limit {
            return report(.antiAffinity, .withoutHint(.group))
        }
        return true
    }

    private func judgeRoom(_ host: HostState, _ report: Report) -> Bool {
        for (resource, rule) in [(HostResource.vcpus, HostRule.vcpus), (.memory, .memory), (.disk, .disk)] {
            let (asked, room) = (self[resource], host[resource].room)
            guard asked > 0, asked > room else { continue }
            let smaller = Relaxation.less(resource, by: asked - room, of: asked)
            if !report(rule, room >= resource.least ? smaller : nil) { return false }
        }
        return true
    }
}

extension HostState {
    fileprivate func has(_ capability: SchedulingRequest.Capability) -> Bool {
        let fact: String
        switch capability.name {
        case "hypervisor_type": fact = hypervisorType
        case "cpu_info:arch": fact = architecture
        default: return false
        }
        return ExtraSpecOperator.matches(fact, capability.wish)
    }

    fileprivate func runs(_ type: String) -> Bool {
        ["qemu", "kvm"].contains(type) || type == hypervisorType
    }
}
