package struct Flavor: Sendable, Equatable {
    package var id: FlavorID
    package var name: String
    package var vcpus: Int
    /// MiB.
    package var memory: Int
    /// GiB; 0 means the image's own size.
    package var disk: Int
    /// GiB; lost with the server, and never in a snapshot.
    package var ephemeral: Int = 0
    /// MiB.
    package var swap: Int = 0
    package var rxtxFactor: String = "1.0"
    package var isPublic: Bool = true
    package var isDisabled: Bool = false
    package var description: String?
    package var extraSpecs: JSONText<[String: String]>
    package var createdAt: Timestamp

    package init(
        id: FlavorID, name: String, vcpus: Int, memory: Int, disk: Int, ephemeral: Int = 0, swap: Int = 0,
        rxtxFactor: String = "1.0", isPublic: Bool = true, isDisabled: Bool = false, description: String? = nil,
        extraSpecs: JSONText<[String: String]>, createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.vcpus = vcpus
        self.memory = memory
        self.disk = disk
        self.ephemeral = ephemeral
        self.swap = swap
        self.rxtxFactor = rxtxFactor
        self.isPublic = isPublic
        self.isDisabled = isDisabled
        self.description = description
        self.extraSpecs = extraSpecs
        self.createdAt = createdAt
    }
}

/// The flavor as it was when the server was made, in the form in which server answers embed it (2.47).
package struct FlavorSnapshot: Codable, Sendable, Equatable {
    package var vcpus: Int
    package var ram: Int
    package var disk: Int
    package var ephemeral: Int
    package var swap: Int
    package var originalName: String
    package var extraSpecs: [String: String]

    package init(
        vcpus: Int, ram: Int, disk: Int, ephemeral: Int, swap: Int, originalName: String, extraSpecs: [String: String]
    ) {
        self.vcpus = vcpus
        self.ram = ram
        self.disk = disk
        self.ephemeral = ephemeral
        self.swap = swap
        self.originalName = originalName
        self.extraSpecs = extraSpecs
    }

    /// All that its disks take on a host, in GiB: root, ephemeral, and swap rounded up.
    package var diskGiB: Int { disk + ephemeral + (swap + 1023) / 1024 }

    enum CodingKeys: String, CodingKey {
        case vcpus, ram, disk, ephemeral, swap
        case originalName = "original_name"
        case extraSpecs = "extra_specs"
    }

    package init(_ flavor: Flavor) throws {
        self.init(
            vcpus: flavor.vcpus, ram: flavor.memory, disk: flavor.disk, ephemeral: flavor.ephemeral, swap: flavor.swap,
            originalName: flavor.name, extraSpecs: try flavor.extraSpecs.value())
    }
}
