import Model

/// One reason for which a host is not taken, in the order in which rules are asked: Nova's default filters, and what
/// Placement would have refused.
package enum HostRule: Int, Sendable, CaseIterable {
    case usable, well, zone, host, capability, image, requiredTrait, forbiddenTrait, resourceClass
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
            if judgeTraits(host, report), judgeGroup(host, report) { _ = judgeRoom(host, report) }
            return
        }
        guard judgeService(host, report), judgeCapabilities(host, report), judgeTraits(host, report),
            judgeHints(host, report), judgeGroup(host, report)
        else { return }
        _ = judgeRoom(host, report)
    }

    private func judgeService(_ host: HostState, _ report: Report) -> Bool {
        if !host.isUp || host.isDisabled, !report(.usable, nil) { return false }
        if !host.troubles.isEmpty, !report(.well, nil) { return false }
        if let zone = availabilityZone, zone != host.availabilityZone, !report(.zone, .withoutZone(zone)) {
            return false
        }
        if let wanted = forcedHost ?? requestedHost, wanted != host.hostname { return report(.host, .withoutHost) }
        return true
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

    private func judgeTraits(_ host: HostState, _ report: Report) -> Bool {
        for trait in requiredTraits where !host.traits.contains(trait) {
            if !report(.requiredTrait, .withoutRequiredTrait(trait)) { return false }
        }
        for trait in forbiddenTraits where host.traits.contains(trait) {
            if !report(.forbiddenTrait, .withoutForbiddenTrait(trait)) { return false }
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
    /// The operators of Nova's ComputeCapabilitiesFilter that compare texts.
    fileprivate func has(_ capability: SchedulingRequest.Capability) -> Bool {
        let fact: String
        switch capability.name {
        case "hypervisor_type": fact = hypervisorType
        case "cpu_info:arch": fact = architecture
        default: return false
        }
        let words = capability.wish.split(separator: " ").map(String.init)
        return switch words.first {
        case "s==": words.last == fact
        case "s!=": words.last != fact
        case "<in>": words.last.map { fact.contains($0) } ?? false
        case "<or>": words.contains(fact)
        default: capability.wish == fact
        }
    }

    fileprivate func runs(_ type: String) -> Bool {
        ["qemu", "kvm"].contains(type) || type == hypervisorType
    }
}
