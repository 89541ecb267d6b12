package import Model

/// What a hypervisor counts of a guest that runs.
package struct GuestDiagnostics: Codable, Sendable, Equatable {
    package struct CPU: Codable, Sendable, Equatable {
        package var id: Int
        package var nanoseconds: Int64

        package init(id: Int, nanoseconds: Int64) {
            self.id = id
            self.nanoseconds = nanoseconds
        }
    }

    package struct Traffic: Codable, Sendable, Equatable {
        package var octets: Int64 = 0
        package var packets: Int64 = 0
        package var errors: Int64 = 0
        package var drops: Int64 = 0

        package init() {}
    }

    /// `received` and `sent` are the guest's.
    package struct NIC: Codable, Sendable, Equatable {
        package var tap: String
        package var macAddress: String?
        package var received = Traffic()
        package var sent = Traffic()

        package init(tap: String, macAddress: String?) {
            self.tap = tap
            self.macAddress = macAddress
        }
    }

    package struct Disk: Codable, Sendable, Equatable {
        /// Such as `vda`.
        package var target: String
        package var readRequests: Int64 = 0
        package var readBytes: Int64 = 0
        package var writeRequests: Int64 = 0
        package var writeBytes: Int64 = 0

        package init(target: String) {
            self.target = target
        }
    }

    package var power: GuestPower
    /// Such as `kvm`.
    package var hypervisor: String
    package var cpus: [CPU] = []
    package var nics: [NIC] = []
    package var disks: [Disk] = []
    /// What it may have, and what it has at present.
    package var maximumMemoryKiB: Int64 = 0
    package var memoryKiB: Int64 = 0
    /// What the guest's balloon tells besides, by libvirt's names.
    package var balloon: [String: Int64] = [:]

    package init(power: GuestPower, hypervisor: String) {
        self.power = power
        self.hypervisor = hypervisor
    }
}
