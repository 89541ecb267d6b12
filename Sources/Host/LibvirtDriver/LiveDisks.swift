import HostProtocol
package import Hypervisor
package import Model

/// Disks of guests that run.
extension LibvirtDriver {
    package func disks(of server: ServerID) async throws -> Set<String> {
        guard try await power(of: server).isOn else { return [] }
        return try await description(of: server).disks
    }

    /// A guest that an earlier release has started does not name its disks; it gets others when it starts anew.
    package func setDisks(_ spec: DomainSpec) async throws {
        let server = spec.serverID
        guard try await power(of: server).isOn else { return }
        let live = try await description(of: server)
        if live.disks.isEmpty { return }
        let missing = spec.disks.filter { !live.disks.contains($0.id) }
        let surplus = live.disks.subtracting(spec.disks.map(\.id))
        var targets = live.diskTargets
        for disk in missing {
            let (xml, target) = try domainXML.render(disk, spec.hardware, besides: targets)
            targets.insert(target)
            try await plug(xml, into: server, orElse: "The hypervisor could not attach the disk.")
        }
        for id in surplus.sorted() {
            try await unplug(
                DomainXML.alias(ofDisk: id), from: server, patience: Self.unplugPatience,
                orElse: "The server did not let go of the disk: its operating system may not run, or still use it."
            ) { try await !disks(of: server).contains(id) }
        }
        // What the guest starts with the next time, should it not be this driver that starts it.
        if !missing.isEmpty || !surplus.isEmpty { try await define(spec) }
    }
}
