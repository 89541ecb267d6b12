package import Model

/// What of a host is used up, by Placement's name.
package enum HostResource: String, Sendable, CaseIterable {
    case vcpus = "VCPU"
    case memory = "MEMORY_MB"
    case disk = "DISK_GB"

    /// The least that a server can ask for and still be one; without a disk of its own it has what its image needs.
    package var least: Int { self == .disk ? 0 : 1 }
}

/// What of a host others than the scheduler need to know to put a server there.
struct HostPlace: Sendable {
    var id: HostID
    var hostname: String
    var zone: String
}

extension Host {
    var place: HostPlace { HostPlace(id: id, hostname: hostname, zone: availabilityZone) }
}

extension HostState {
    var place: HostPlace { HostPlace(id: id, hostname: hostname, zone: availabilityZone) }
}

/// What the scheduler knows of a host: a hint, a second old at most. The claim in the store decides.
package struct HostState: Sendable, Equatable {
    package struct Capacity: Sendable, Equatable {
        /// Of the total without what is reserved, times the allocation ratio.
        package var limit: Int
        package var used: Int
        /// The largest single request, whatever is free.
        package var maxUnit: Int

        package init(limit: Int, used: Int, maxUnit: Int) {
            self.limit = limit
            self.used = used
            self.maxUnit = maxUnit
        }

        package var free: Int { limit - used }

        /// The most that one server can have.
        package var room: Int { min(free, maxUnit) }
    }

    package var id: HostID
    package var hostname: String
    package var availabilityZone: String
    package var isUp: Bool
    package var isDisabled: Bool
    /// What does not work on it, by part.
    package var troubles: [String: String]
    /// Lately, with none that succeeded since.
    package var failedBuilds = 0
    package var architecture: String
    package var hypervisorType: String
    package var traits: Set<String>
    package var aggregates: HostAggregates?
    /// Of its resource provider, when this was read.
    package var epoch = 0
    package var vcpus: Capacity
    package var memoryMiB: Capacity
    package var diskGiB: Capacity

    package init(
        id: HostID, hostname: String, availabilityZone: String, isUp: Bool, isDisabled: Bool,
        troubles: [String: String] = [:], architecture: String, hypervisorType: String,
        traits: Set<String>, aggregates: HostAggregates? = nil, epoch: Int = 0, vcpus: Capacity, memoryMiB: Capacity,
        diskGiB: Capacity
    ) {
        self.id = id
        self.hostname = hostname
        self.availabilityZone = availabilityZone
        self.isUp = isUp
        self.isDisabled = isDisabled
        self.troubles = troubles
        self.architecture = architecture
        self.hypervisorType = hypervisorType
        self.traits = traits
        self.aggregates = aggregates
        self.epoch = epoch
        self.vcpus = vcpus
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
    }

    package subscript(resource: HostResource) -> Capacity {
        get {
            switch resource {
            case .vcpus: vcpus
            case .memory: memoryMiB
            case .disk: diskGiB
            }
        }
        set {
            switch resource {
            case .vcpus: vcpus = newValue
            case .memory: memoryMiB = newValue
            case .disk: diskGiB = newValue
            }
        }
    }
}
