import CLibvirt
import HostProtocol

/// What answers at the other end; libvirt's form: major * 1,000,000 + minor * 1,000 + release.
package struct LibvirtVersions: Sendable {
    package var daemon: Int
    package var hypervisor: Int

    /// - Throws: `HostFailure` when libvirt is not installed or libvirtd does not answer.
    package static func read(uri: String = "qemu:///system") async throws -> LibvirtVersions {
        try await LibvirtConnection(uri: uri, threads: 1, name: "versions").run { handle in
            var daemon: UInt = 0
            var hypervisor: UInt = 0
            do {
                try handle.call { novella_virt_daemon_version(handle.pointer, &daemon, &$0) }
                try handle.call { novella_virt_hypervisor_version(handle.pointer, &hypervisor, &$0) }
            } catch let error as LibvirtError {
                throw error.failure("The hypervisor does not tell its version.")
            }
            return LibvirtVersions(daemon: Int(daemon), hypervisor: Int(hypervisor))
        }
    }
}
