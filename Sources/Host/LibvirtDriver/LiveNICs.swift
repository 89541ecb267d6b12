import HostProtocol
package import Hypervisor
package import Model

/// NICs of guests that run.
extension LibvirtDriver {
    /// Nobody waits for a NIC that is put in anew, and whoever stops such a guest does not wait long.
    private static let anewPatience = Duration.seconds(10)

    package func taps(of server: ServerID) async throws -> Set<String> {
        guard try await power(of: server).isOn else { return [] }
        return try await description(of: server).taps
    }

    package func setNICs(_ spec: DomainSpec, anew: Set<String>) async throws {
        guard try await power(of: spec.serverID).isOn else { return }
        var present = try await taps(of: spec.serverID)
        for tap in present.intersection(anew).sorted() {
            try await detach(tap, from: spec.serverID, patience: Self.anewPatience)
            present.remove(tap)
        }
        let missing = spec.nics.filter { !present.contains($0.tapName) }
        let surplus = present.subtracting(spec.nics.map(\.tapName))
        for nic in missing { try await attach(nic, to: spec) }
        for tap in surplus.sorted() { try await detach(tap, from: spec.serverID, patience: Self.unplugPatience) }
        // What the guest starts with the next time, should it not be this driver that starts it.
        if !missing.isEmpty || !surplus.isEmpty { try await define(spec) }
    }

    private func attach(_ nic: DomainSpec.NIC, to spec: DomainSpec) async throws {
        try await plug(
            try domainXML.render(nic, spec.hardware), into: spec.serverID,
            orElse: "The hypervisor could not attach the interface.")
    }

    private func detach(_ tap: String, from server: ServerID, patience: Duration) async throws {
        try await unplug(
            DomainXML.alias(ofTap: tap), from: server, patience: patience,
            orElse: "The server did not let go of the interface: its operating system may not run, or not know how."
        ) { try await !taps(of: server).contains(tap) }
    }
}
