package import Model

/// All that should persist on a host for one server: power, disks, NICs.
///
/// A document replaces the one before it when its `epoch` is not lower. `presence == .absent` takes everything away
/// and leaves a tombstone, so that an older document that arrives late makes nothing.
package struct DesiredServer: Codable, Sendable, Equatable {
    package enum Presence: String, Codable, Sendable { case present, absent }

    package var serverID: ServerID
    /// Raised with each document of the server; the host refuses what is lower.
    package var epoch: Int64
    /// Random, made anew with each epoch: two documents of one epoch come from two histories of the store, of which one
    /// was restored from a backup.
    package var mark: String
    package var presence: Presence
    package var power: DesiredPower
    /// Another number, another machine: a guest that runs by an older one is ended before disks are made, and starts
    /// with what the document says.
    package var machine: Int
    package var hardware: GuestHardware
    /// In the order in which the guest sees them.
    package var disks: [GuestDisk]
    package var nics: [GuestNIC]
    /// The request that wanted this document, for the log of whoever handles it; `nil` when nobody asked.
    package var requestID: String?

    package init(
        serverID: ServerID, epoch: Int64, mark: String = "", presence: Presence, power: DesiredPower,
        machine: Int = 0, hardware: GuestHardware, disks: [GuestDisk], nics: [GuestNIC], requestID: String? = nil
    ) {
        self.serverID = serverID
        self.epoch = epoch
        self.mark = mark
        self.presence = presence
        self.power = power
        self.machine = machine
        self.hardware = hardware
        self.disks = disks
        self.nics = nics
        self.requestID = requestID
    }
}

extension DesiredServer {
    private enum CodingKeys: String, CodingKey {
        case serverID, epoch, mark, presence, power, machine, hardware, disks, nics, requestID
    }

    /// Documents of earlier releases have no mark, are all of one machine, and have of disks what their flavor says.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            serverID: try values.decode(ServerID.self, forKey: .serverID),
            epoch: try values.decode(Int64.self, forKey: .epoch),
            mark: try values.decodeIfPresent(String.self, forKey: .mark) ?? "",
            presence: try values.decode(Presence.self, forKey: .presence),
            power: try values.decode(DesiredPower.self, forKey: .power),
            machine: try values.decodeIfPresent(Int.self, forKey: .machine) ?? 0,
            hardware: try values.decode(GuestHardware.self, forKey: .hardware),
            disks: try Self.disks(values),
            nics: try values.decode([GuestNIC].self, forKey: .nics),
            requestID: try values.decodeIfPresent(String.self, forKey: .requestID))
    }

    private static func disks(_ values: KeyedDecodingContainer<CodingKeys>) throws -> [GuestDisk] {
        do {
            return try values.decode([GuestDisk].self, forKey: .disks)
        } catch {
            guard let earlier = try? values.decode(FlavorDisks.self, forKey: .disks) else { throw error }
            return earlier.list
        }
    }

    /// What it wants, in a word: a power, or `absent`.
    package var wish: String { presence == .absent ? presence.rawValue : power.rawValue }
}

/// The machine a guest sees, apart from its disks and NICs.
package struct GuestHardware: Codable, Sendable, Equatable {
    /// The server's name and hostname, for the domain's title and SMBIOS; never part of a path.
    package var name: String
    package var vcpus: Int
    package var memoryMiB: Int
    /// Image properties such as `hw_disk_bus` or `hw_qemu_guest_agent`, as the image had them at boot.
    package var imageProperties: [String: String]
    /// Flavor extra specs such as `hw:cpu_sockets`.
    package var extraSpecs: [String: String]

    package init(
        name: String, vcpus: Int, memoryMiB: Int, imageProperties: [String: String] = [:],
        extraSpecs: [String: String] = [:]
    ) {
        self.name = name
        self.vcpus = vcpus
        self.memoryMiB = memoryMiB
        self.imageProperties = imageProperties
        self.extraSpecs = extraSpecs
    }

    /// Whether the image asks for a guest agent channel (`hw_qemu_guest_agent=yes`).
    package var wantsGuestAgent: Bool { says(yes: "hw_qemu_guest_agent") }
    /// Whether the image wants no snapshot of its servers that may need a repair (`os_require_quiesce=yes`).
    package var requiresQuiesce: Bool { says(yes: "os_require_quiesce") }
    /// Whether a freeze of its file systems takes the guest's applications along: Windows' agent has VSS do it, and
    /// other images have to say that their agents run hooks.
    package var freezesApplications: Bool {
        imageProperties["os_type"]?.lowercased() == "windows" || says(yes: SnapshotConsistency.hookProperty)
    }

    private func says(yes property: String) -> Bool {
        ["yes", "true", "1", "on"].contains(imageProperties[property]?.lowercased() ?? "")
    }
}

/// One network card, as Network bound it. Its security rules come with the `NetworkTopology`.
package struct GuestNIC: Codable, Sendable, Equatable {
    package var portID: PortID
    package var networkID: NetworkID
    /// Lower case, colons.
    package var macAddress: String
    package var mtu: Int

    package init(portID: PortID, networkID: NetworkID, macAddress: String, mtu: Int) {
        self.portID = portID
        self.networkID = networkID
        self.macAddress = macAddress
        self.mtu = mtu
    }
}
