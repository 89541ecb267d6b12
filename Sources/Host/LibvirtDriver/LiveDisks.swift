import CLibvirt
import Foundation
import HostProtocol
package import Hypervisor
package import Model

/// Disks of guests that run.
extension LibvirtDriver {
    package func disks(of server: ServerID) async throws -> Set<String> {
        guard try await power(of: server).isOn else { return [] }
        return LiveDescription(try await description(of: server)).disks
    }

    /// A guest that an earlier release has started does not name its disks; it gets others when it starts anew.
    package func setDisks(_ spec: DomainSpec) async throws {
        let server = spec.serverID
        guard try await power(of: server).isOn else { return }
        let live = LiveDescription(try await description(of: server))
        if live.disks.isEmpty { return }
        let missing = spec.disks.filter { !live.disks.contains($0.id) }
        let surplus = live.disks.subtracting(spec.disks.map(\.id))
        var targets = live.targets
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

    private func description(of server: ServerID) async throws -> String {
        let name = names.name(of: server)
        return try await short.run { handle in
            final class Found { var text = "" }
            let found = Found()
            do throws(LibvirtError) {
                try handle.call { error in
                    novella_virt_description(
                        handle.pointer, name,
                        { context, text in
                            guard let context, let text else { return }
                            Unmanaged<Found>.fromOpaque(context).takeUnretainedValue().text = String(cString: text)
                        }, Unmanaged.passUnretained(found).toOpaque(), &error)
                }
            } catch {
                guard error.isNoDomain else { throw error.failure("The hypervisor could not describe the server.") }
            }
            return withExtendedLifetime(found) { found.text }
        }
    }
}

/// What libvirt's description of a running domain says of its disks. What users wrote cannot pass for it: libvirt escapes
/// their quotes.
struct LiveDescription {
    /// By the ids that our aliases carry.
    let disks: Set<String>
    /// Such as `vda`; of all disks.
    let targets: Set<String>

    init(_ xml: String) {
        disks = Set(Self.values(in: xml, after: "<alias name='\(DomainXML.alias(ofDisk: ""))"))
        targets = Set(Self.values(in: xml, after: "<target dev='"))
    }

    private static func values(in xml: String, after start: String) -> [String] {
        xml.components(separatedBy: start).dropFirst().map { String($0.prefix { $0 != "'" }) }
    }
}
