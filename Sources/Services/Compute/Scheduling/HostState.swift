package import Model

/// What the scheduler knows of a host: a hint, a second old at most. The claim in the store decides.
package struct HostState: Sendable, Equatable {
    package struct Capacity: Sendable, Equatable {
        package var limit: Int
        package var used: Int
        /// The largest single request, whatever is free.
        package var maxUnit: Int

        package var free: Int { limit - used }
    }

    package var id: HostID
    package var hostname: String
    package var availabilityZone: String
    package var isUp: Bool
    package var isDisabled: Bool
    package var architecture: String
    package var hypervisorType: String
    package var vcpus: Capacity
    package var memoryMiB: Capacity
    package var diskGiB: Capacity
}

/// What a server needs of its host.
package struct SchedulingRequest: Sendable, Equatable {
    package var vcpus: Int
    package var memoryMiB: Int
    /// Root, ephemeral and swap together, rounded up.
    package var diskGiB: Int
    package var availabilityZone: String?
    /// `az:host`: nothing else will do, and filters are not asked.
    package var forcedHost: String?
    /// `host` of 2.74: this one, if it passes the filters.
    package var requestedHost: String?
    package var imageProperties: [String: String]
    package var extraSpecs: [String: String]

    var resources: [(resourceClass: String, amount: Int)] {
        [("VCPU", vcpus), ("MEMORY_MB", memoryMiB), ("DISK_GB", diskGiB)]
    }
}

extension SchedulingRequest {
    /// What a server that exists needs of another host.
    init(of server: Server) throws {
        let flavor = try server.flavor.value()
        self.init(
            vcpus: flavor.vcpus, memoryMiB: flavor.ram, diskGiB: flavor.diskGiB,
            availabilityZone: server.requestedZone, imageProperties: try server.imageProperties.value(),
            extraSpecs: flavor.extraSpecs)
    }
}
