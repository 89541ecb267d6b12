/// What was read of a machine that is or shall be a host. Nothing in it is judged yet.
package struct DoctorFacts: Sendable {
    /// Something that was tried.
    package enum Trial: Sendable, Equatable {
        case works
        /// In the words of the tool or the kernel.
        case fails(String)
    }

    package struct KVM: Sendable {
        /// Opening /dev/kvm.
        package var opens: Trial
        /// `KVM_GET_API_VERSION`; 12 since Linux 2.6.22.
        package var apiVersion: Int?
        /// `KVM_CREATE_VM`.
        package var makesMachine: Trial
        /// vmx or svm among the CPU's flags.
        package var cpuHasFlags: Bool
        /// Whether guests can have guests of their own; `nil` where no module says.
        package var nests: Bool?
        /// Permission bits of the device, and whether QEMU's user may open it.
        package var mode: Int
        package var isOpenToQEMU: Bool
    }

    /// A chain of the kernel's forward hook whose policy is to drop.
    package struct DroppingChain: Sendable, Equatable {
        /// Family, table and chain: `ip filter FORWARD`, for instance.
        package var name: String
        /// Where rules of the operator's stand: Docker's `ip filter DOCKER-USER` where it is, else the chain itself.
        package var operatorsChain: String
        /// Whether a rule there accepts what crosses this cloud's bridges, in and out.
        package var admitsCloud: Bool
    }

    package struct Disk: Sendable {
        package var path: String
        package var freeBytes: Int64
    }

    package struct ExternalInterface: Sendable {
        package var name: String
        /// `nil` when there is no such interface.
        package var mtu: Int?
    }

    package struct Libvirt: Sendable {
        /// libvirt's form: major * 1,000,000 + minor * 1,000 + release.
        package var daemon: Int
        package var qemu: Int
    }

    /// Four hexadecimal digits that begin the names of the cloud's kernel objects.
    package var cloudTag: String
    package var kvm: KVM
    package var bridge: Trial
    package var bridgeFilter: Trial
    package var nftables: Trial
    /// nftables with `ct state`, zones and marks.
    package var conntrack: Trial
    /// `net.ipv4.ip_forward`.
    package var forwards: Bool
    package var droppingChains: [DroppingChain]
    package var disks: [Disk]
    package var externalInterface: ExternalInterface?
    package var libvirt: Result<Libvirt, Words>
    /// virtlogd's socket.
    package var virtlogd: Trial
    /// The version that dnsmasq tells, `2.90` for instance.
    package var dnsmasq: Result<String, Words>
    /// Programs that are not there.
    package var missingPrograms: [String]
    /// The first folder above the state that others cannot pass through.
    package var closedFolder: String?

    /// Why something could not be read.
    package struct Words: Error, Sendable, Equatable {
        package var text: String

        package init(_ text: String) {
            self.text = text
        }
    }
}
