import CLibvirt
import HostProtocol
package import Hypervisor
package import Model

/// NICs of guests that run.
extension LibvirtDriver {
    /// A guest that still boots does not hear that it should let go of a card, so it is asked again.
    private static let detachPatience = Duration.seconds(30)
    /// Nobody waits for a NIC that is put in anew, and whoever stops such a guest does not wait long.
    private static let anewPatience = Duration.seconds(10)
    private static let askAgainAfter = Duration.seconds(5)

    package func taps(of server: ServerID) async throws -> Set<String> {
        let name = names.name(of: server)
        return try await short.run { handle in
            final class Found { var taps: Set<String> = [] }
            let found = Found()
            do throws(LibvirtError) {
                try handle.call { error in
                    novella_virt_nics(
                        handle.pointer, name,
                        { context, link in
                            guard let context, let link else { return }
                            Unmanaged<Found>.fromOpaque(context).takeUnretainedValue().taps.insert(
                                String(cString: link))
                        }, Unmanaged.passUnretained(found).toOpaque(), &error)
                }
            } catch {
                guard error.isNoDomain else { throw error.failure("The hypervisor could not tell the server's NICs.") }
            }
            return withExtendedLifetime(found) { found.taps }
        }
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
        for tap in surplus.sorted() { try await detach(tap, from: spec.serverID, patience: Self.detachPatience) }
        // What the guest starts with the next time, should it not be this driver that starts it.
        if !missing.isEmpty || !surplus.isEmpty { try await define(spec) }
    }

    private func attach(_ nic: DomainSpec.NIC, to spec: DomainSpec) async throws {
        let xml = try domainXML.render(nic, spec.hardware)
        let name = names.name(of: spec.serverID)
        do {
            try await long.run { handle in
                try handle.call { novella_virt_attach(handle.pointer, name, xml, &$0) }
            }
        } catch let error as LibvirtError {
            throw error.failure("The hypervisor could not attach the interface.")
        }
    }

    private func detach(_ tap: String, from server: ServerID, patience: Duration) async throws {
        let clock = ContinuousClock()
        let end = clock.now + patience
        var refusal: LibvirtError?
        while clock.now < end {
            refusal = try await askToLetGo(of: tap, server)
            let nextAsk = min(end, clock.now + Self.askAgainAfter)
            while clock.now < nextAsk {
                if try await !taps(of: server).contains(tap) { return }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw HostFailure(
            message: "The server did not let go of the interface: its operating system may not run, or not know how.",
            detail: refusal.map { "libvirt error \($0.code): \($0.message)" } ?? "no answer to the unplug request")
    }

    /// What libvirt says against it: a guest may be at it since an earlier request.
    private func askToLetGo(of tap: String, _ server: ServerID) async throws -> LibvirtError? {
        let name = names.name(of: server)
        let alias = DomainXML.alias(ofTap: tap)
        do {
            try await long.run { handle in
                try handle.call { novella_virt_detach(handle.pointer, name, alias, &$0) }
            }
            return nil
        } catch let error as LibvirtError {
            return error
        }
    }
}
