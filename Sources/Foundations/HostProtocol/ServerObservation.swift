package import Model

/// What a host saw of one server, under the epoch it was working for.
///
/// An observation whose epoch is lower than the server's own settles nothing.
package struct ServerObservation: Codable, Sendable, Equatable {
    package var hostID: HostID
    package var serverID: ServerID
    package var epoch: Int64
    package var power: GuestPower
    /// Of a guest that is off, where its hypervisor knows why.
    package var end: GuestEnd?
    /// Commands that have begun, and how far they are.
    package var commands: [CommandReport]
    /// Set when the host gave up on reaching the document; what it says is shown to the user as the fault.
    package var failure: HostFailure?
    /// Of the document that this answers; `nil` for what the guest did by itself.
    package var requestID: String?

    package init(
        hostID: HostID, serverID: ServerID, epoch: Int64, power: GuestPower, end: GuestEnd? = nil,
        commands: [CommandReport] = [], failure: HostFailure? = nil, requestID: String? = nil
    ) {
        self.hostID = hostID
        self.serverID = serverID
        self.epoch = epoch
        self.power = power
        self.end = end
        self.commands = commands
        self.failure = failure
        self.requestID = requestID
    }
}

package struct HostFailure: Codable, Sendable, Equatable, Error {
    /// For the user: no paths, no host names.
    package var message: String
    /// For the operator: the tool's own words.
    package var detail: String

    package init(message: String, detail: String) {
        self.message = message
        self.detail = detail
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

    package init(
        hostname: String, vcpus: Int, memoryMiB: Int, diskGiB: Int, virtType: String, hypervisorType: String,
        hypervisorVersion: Int, cpuArchitecture: String, traits: [String] = []
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
            traits: try values.decodeIfPresent([String].self, forKey: .traits) ?? [])
    }
}
