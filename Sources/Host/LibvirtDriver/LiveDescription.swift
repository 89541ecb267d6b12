import CLibvirt
import Foundation
import Model

/// What libvirt's description of a running domain says of its devices. What users wrote cannot pass for it: libvirt
/// escapes their quotes and brackets.
struct LiveDescription {
    /// Of the disks that have an id of ours, their targets, such as `vda`.
    let targets: [String: String]
    /// Of all disks.
    let diskTargets: Set<String>
    let taps: Set<String>
    /// MAC addresses by taps.
    let addresses: [String: String]
    /// The name by which the guest agent's channel is taken out.
    let agentAlias: String?
    /// The socket of the screen's server.
    let screenSocket: String?
    /// The terminal that is the other end of the serial line.
    let serialTerminal: String?

    init(_ xml: String) {
        let disks = Self.elements("disk", of: xml)
        let prefix = DomainXML.alias(ofDisk: "")
        targets = disks.reduce(into: [:]) { targets, disk in
            guard let alias = Self.value(in: disk, after: "<alias name='"), alias.hasPrefix(prefix) else { return }
            targets[String(alias.dropFirst(prefix.count))] = Self.value(in: disk, after: "<target dev='")
        }
        diskTargets = Set(disks.compactMap { Self.value(in: $0, after: "<target dev='") })
        agentAlias = Self.elements("channel", of: xml).first { $0.contains("name='\(DomainXML.agentPort)'") }
            .flatMap { Self.value(in: $0, after: "<alias name='") }
        screenSocket = Self.elements("graphics", of: xml).first.flatMap { Self.value(in: $0, after: " socket='") }
        serialTerminal = Self.elements("serial", of: xml).first.flatMap { Self.value(in: $0, after: "<source path='") }
        let interfaces = Self.elements("interface", of: xml)
        taps = Set(interfaces.compactMap { Self.value(in: $0, after: "<target dev='") })
        addresses = interfaces.reduce(into: [:]) { addresses, interface in
            guard let tap = Self.value(in: interface, after: "<target dev='") else { return }
            addresses[tap] = Self.value(in: interface, after: "<mac address='")
        }
    }

    /// By the ids that our aliases carry.
    var disks: Set<String> { Set(targets.keys) }

    private static func elements(_ name: String, of xml: String) -> [Substring] {
        xml.split(separator: "<\(name) ").dropFirst().map { part in
            part.firstRange(of: "</\(name)>").map { part[..<$0.lowerBound] } ?? part
        }
    }

    private static func value(in xml: Substring, after start: String) -> String? {
        xml.firstRange(of: start).map { String(xml[$0.upperBound...].prefix { $0 != "'" }) }
    }
}

extension LibvirtDriver {
    func description(of server: ServerID) async throws -> LiveDescription {
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
            return LiveDescription(withExtendedLifetime(found) { found.text })
        }
    }
}
