/// One reason for which a host is not taken.
package struct HostFilter: Sendable {
    package let name: String
    /// What a user reads: "12 lack free VCPU".
    package let reason: String
    package let passes: @Sendable (HostState, SchedulingRequest) -> Bool

    /// In the order in which they are asked: Nova's defaults, and what Placement would have refused.
    package static let all: [HostFilter] = [
        HostFilter(name: "ComputeFilter", reason: "are down or disabled") { host, _ in host.isUp && !host.isDisabled },
        HostFilter(name: "AvailabilityZoneFilter", reason: "are in another availability zone") { host, request in
            request.availabilityZone.map { $0 == host.availabilityZone } ?? true
        },
        HostFilter(name: "RequestedHostFilter", reason: "are not the requested host") { host, request in
            request.requestedHost.map { $0 == host.hostname } ?? true
        },
        HostFilter(name: "ComputeCapabilitiesFilter", reason: "lack a capability of the flavor", passes: capabilities),
        HostFilter(name: "ImagePropertiesFilter", reason: "cannot run the image", passes: imageProperties),
        HostFilter(name: "VCPU", reason: "lack free VCPU") { fits($0.vcpus, $1.vcpus) },
        HostFilter(name: "MEMORY_MB", reason: "lack free MEMORY_MB") { fits($0.memoryMiB, $1.memoryMiB) },
        HostFilter(name: "DISK_GB", reason: "lack free DISK_GB") { fits($0.diskGiB, $1.diskGiB) },
    ]
}

private func fits(_ capacity: HostState.Capacity, _ amount: Int) -> Bool {
    amount <= capacity.free && amount <= capacity.maxUnit
}

/// Extra specs `capabilities:NAME`, with the operators of Nova's ComputeCapabilitiesFilter that compare texts.
private func capabilities(_ host: HostState, _ request: SchedulingRequest) -> Bool {
    let facts = ["hypervisor_type": host.hypervisorType, "cpu_info:arch": host.architecture]
    for (key, wish) in request.extraSpecs where key.hasPrefix("capabilities:") {
        guard let fact = facts[String(key.dropFirst("capabilities:".utf8.count))] else { return false }
        let words = wish.split(separator: " ").map(String.init)
        let accepted: Bool =
            switch words.first {
            case "s==": words.last == fact
            case "s!=": words.last != fact
            case "<in>": words.last.map { fact.contains($0) } ?? false
            case "<or>": words.contains(fact)
            default: wish == fact
            }
        if !accepted { return false }
    }
    return true
}

private func imageProperties(_ host: HostState, _ request: SchedulingRequest) -> Bool {
    if let wanted = request.imageProperties["hw_architecture"] ?? request.imageProperties["architecture"],
        wanted != host.architecture
    {
        return false
    }
    if let wanted = request.imageProperties["img_hv_type"] ?? request.imageProperties["hypervisor_type"] {
        return ["qemu", "kvm"].contains(wanted) || wanted == host.hypervisorType
    }
    return true
}
