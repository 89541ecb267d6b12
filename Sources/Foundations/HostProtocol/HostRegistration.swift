package import Model

/// Says who an agent is, what its host has, and which documents it holds: at its start, and whenever the line to the
/// control plane has opened again.
package struct HostRegistration: Codable, Sendable, Equatable {
    /// Raised by what would do harm to a side that does not know it.
    package static let newestVersion = 1
    /// A release works with the one before it.
    package static let oldestVersion = 1

    package var oldestVersion: Int
    package var newestVersion: Int
    package var inventory: HostInventory
    package var holdings: [HeldDocument]

    package init(
        inventory: HostInventory, holdings: [HeldDocument] = [],
        versions: ClosedRange<Int> = oldestVersion...newestVersion
    ) {
        oldestVersion = versions.lowerBound
        newestVersion = versions.upperBound
        self.inventory = inventory
        self.holdings = holdings
    }

    private enum CodingKeys: String, CodingKey { case oldestVersion, newestVersion, inventory, holdings }

    /// An agent from before versions sends its inventory and nothing else; it is taken for version 0.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard values.contains(.newestVersion) else {
            self.init(inventory: try HostInventory(from: decoder), versions: 0...0)
            return
        }
        let oldest = try values.decode(Int.self, forKey: .oldestVersion)
        let newest = try values.decode(Int.self, forKey: .newestVersion)
        self.init(
            inventory: try values.decode(HostInventory.self, forKey: .inventory),
            holdings: try values.decode([HeldDocument].self, forKey: .holdings),
            versions: min(oldest, newest)...newest)
    }

    /// The newest version that both sides speak.
    ///
    /// - Throws: `conflict`, with both sides' versions and which of them is to be upgraded.
    package func agreedVersion() throws(CloudError) -> Int {
        let agreed = min(newestVersion, Self.newestVersion)
        guard agreed >= max(oldestVersion, Self.oldestVersion) else {
            let isOld = newestVersion < Self.oldestVersion
            throw CloudError(
                .conflict,
                "The agent of \(inventory.hostname) speaks \(Self.words(oldestVersion, newestVersion)) of the host "
                    + "protocol, and this cloud \(Self.words(Self.oldestVersion, Self.newestVersion)): upgrade the "
                    + (isOld ? "agent." : "cloud."))
        }
        return agreed
    }

    private static func words(_ oldest: Int, _ newest: Int) -> String {
        oldest == newest ? "version \(newest)" : "versions \(oldest) to \(newest)"
    }
}

/// A document that an agent has taken, and has not forgotten.
package struct HeldDocument: Codable, Sendable, Equatable {
    package var serverID: ServerID
    package var epoch: Int64
    package var mark: String
    /// It took the server away.
    package var isGone: Bool

    package init(serverID: ServerID, epoch: Int64, mark: String, isGone: Bool) {
        self.serverID = serverID
        self.epoch = epoch
        self.mark = mark
        self.isGone = isGone
    }
}

package struct RegisteredHost: Codable, Sendable, Equatable {
    package var host: HostID
    package var protocolVersion: Int

    package init(host: HostID, protocolVersion: Int) {
        self.host = host
        self.protocolVersion = protocolVersion
    }
}

/// What a host offers, reported when it registers.
package struct HostInventory: Codable, Sendable, Equatable {
    package var hostname: String
    package var vcpus: Int
    package var memoryMiB: Int
    package var diskGiB: Int
    /// `kvm` or `qemu`, and why it was taken.
    package var virtType: String
    package var hypervisorType: String
    /// libvirt's form: major * 1,000,000 + minor * 1,000 + release.
    package var hypervisorVersion: Int
    package var cpuArchitecture: String
    /// Placement's names, such as `HW_CPU_X86_AVX2` or `CUSTOM_FAST_DISK`; none in reports of older agents.
    package var traits: [String]
    /// When the machine came up; `nil` in reports of older agents.
    package var bootedAt: Timestamp?

    package init(
        hostname: String, vcpus: Int, memoryMiB: Int, diskGiB: Int, virtType: String, hypervisorType: String,
        hypervisorVersion: Int, cpuArchitecture: String, traits: [String] = [], bootedAt: Timestamp? = nil
    ) {
        self.hostname = hostname
        self.vcpus = vcpus
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
        self.virtType = virtType
        self.hypervisorType = hypervisorType
        self.hypervisorVersion = hypervisorVersion
        self.cpuArchitecture = cpuArchitecture
        self.traits = traits
        self.bootedAt = bootedAt
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            hostname: try values.decode(String.self, forKey: .hostname),
            vcpus: try values.decode(Int.self, forKey: .vcpus),
            memoryMiB: try values.decode(Int.self, forKey: .memoryMiB),
            diskGiB: try values.decode(Int.self, forKey: .diskGiB),
            virtType: try values.decode(String.self, forKey: .virtType),
            hypervisorType: try values.decode(String.self, forKey: .hypervisorType),
            hypervisorVersion: try values.decode(Int.self, forKey: .hypervisorVersion),
            cpuArchitecture: try values.decode(String.self, forKey: .cpuArchitecture),
            traits: try values.decodeIfPresent([String].self, forKey: .traits) ?? [],
            bootedAt: try values.decodeIfPresent(Timestamp.self, forKey: .bootedAt))
    }
}
