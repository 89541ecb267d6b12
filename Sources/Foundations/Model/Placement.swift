/// What a provider has of one resource class, and what of it is taken.
package struct Inventory: Sendable, Equatable {
    package var key: String { "\(providerID)/\(resourceClass)" }
    package var providerID: ResourceProviderID
    /// `VCPU`, `MEMORY_MB`, `DISK_GB`.
    package var resourceClass: String
    package var total: Int
    package var reserved: Int = 0
    package var minUnit: Int = 1
    package var maxUnit: Int
    package var stepSize: Int = 1
    /// Thousandths: 4000 is a ratio of 4.0.
    package var allocationRatio: Int = 1000
    package var used: Int = 0

    package init(
        providerID: ResourceProviderID, resourceClass: String, total: Int, reserved: Int = 0, minUnit: Int = 1,
        maxUnit: Int, stepSize: Int = 1, allocationRatio: Int = 1000, used: Int = 0
    ) {
        self.providerID = providerID
        self.resourceClass = resourceClass
        self.total = total
        self.reserved = reserved
        self.minUnit = minUnit
        self.maxUnit = maxUnit
        self.stepSize = stepSize
        self.allocationRatio = allocationRatio
        self.used = used
    }

    package var capacity: Int { (total - reserved) * allocationRatio / 1000 }
}

package struct ResourceProvider: Sendable, Equatable {
    package var id: ResourceProviderID
    package var name: String
    package var generation: Int = 0
    /// Raised by whatever changes what decides over placing on its host, so that a claim made by what held before is
    /// refused.
    package var epoch: Int = 0

    package init(
        id: ResourceProviderID, name: String, generation: Int = 0, epoch: Int = 0
    ) {
        self.id = id
        self.name = name
        self.generation = generation
        self.epoch = epoch
    }
}

package struct Allocation: Sendable, Equatable {
    package var consumerID: String
    package var providerID: ResourceProviderID
    package var resourceClass: String
    package var used: Int
    package var projectID: ProjectID
    package var userID: UserID

    package init(
        consumerID: String, providerID: ResourceProviderID, resourceClass: String, used: Int, projectID: ProjectID,
        userID: UserID
    ) {
        self.consumerID = consumerID
        self.providerID = providerID
        self.resourceClass = resourceClass
        self.used = used
        self.projectID = projectID
        self.userID = userID
    }
}

/// Names of resource classes and of traits.
package enum PlacementName {
    /// The resource classes that every Placement knows.
    package static let standardClasses = [
        "VCPU", "MEMORY_MB", "DISK_GB", "PCI_DEVICE", "SRIOV_NET_VF", "NUMA_SOCKET", "NUMA_CORE", "NUMA_THREAD",
        "NUMA_MEMORY_MB", "IPV4_ADDRESS", "VGPU", "VGPU_DISPLAY_HEAD", "NET_BW_EGR_KILOBIT_PER_SEC",
        "NET_BW_IGR_KILOBIT_PER_SEC", "PCPU", "MEM_ENCRYPTION_CONTEXT", "FPGA", "PGPU",
        "NET_PACKET_RATE_KILOPACKET_PER_SEC", "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
        "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
    ]

    /// Whether clients may make it: `CUSTOM_` and letters, digits and underscores, 255 at most.
    package static func isCustom(_ name: String) -> Bool {
        name.hasPrefix("CUSTOM_") && name.utf8.count > "CUSTOM_".utf8.count && name.utf8.count <= 255
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
