import CLibvirt
package import HostProtocol
import Hypervisor
package import Model

extension LibvirtDriver {
    package func diagnostics(of server: ServerID) async throws -> GuestDiagnostics {
        let power = try await power(of: server)
        guard power.isOn else { throw HostFailure.isOff(server) }
        let description = try await description(of: server)
        let figures = try await figures(of: server)
        var found = GuestDiagnostics(power: power, hypervisor: virtType.kind.rawValue)
        found.read(figures, addresses: description.addresses)
        return found
    }

    private func figures(of server: ServerID) async throws -> DomainFigures {
        let name = names.name(of: server)
        return try await short.run { handle in
            final class Found { var figures = DomainFigures() }
            let found = Found()
            do throws(LibvirtError) {
                try handle.call { error in
                    novella_virt_stats(
                        handle.pointer, name,
                        { context, field, number, text in
                            guard let context, let field else { return }
                            let found = Unmanaged<Found>.fromOpaque(context).takeUnretainedValue()
                            if let text {
                                found.figures.texts[String(cString: field)] = String(cString: text)
                            } else {
                                found.figures.numbers[String(cString: field)] = number
                            }
                        }, Unmanaged.passUnretained(found).toOpaque(), &error)
                }
            } catch {
                throw error.failure("The hypervisor could not tell of the server.")
            }
            return withExtendedLifetime(found) { found.figures }
        }
    }
}

/// By the names that `virsh domstats` has, such as `net.0.rx.bytes`.
struct DomainFigures: Sendable {
    var numbers: [String: Int64] = [:]
    var texts: [String: String] = [:]

    /// Those of a group of which there are several.
    fileprivate func places(_ group: String) -> Range<Int> {
        0..<Int(max(0, min(numbers["\(group).count"] ?? 0, 1024)))
    }
}

extension GuestDiagnostics {
    /// - Parameter addresses: of NICs, by their taps.
    mutating func read(_ figures: DomainFigures, addresses: [String: String]) {
        let numbers = figures.numbers
        maximumMemoryKiB = numbers["balloon.maximum"] ?? 0
        memoryKiB = numbers["balloon.current"] ?? maximumMemoryKiB
        for (name, value) in numbers where name.hasPrefix("balloon.") {
            balloon[String(name.dropFirst("balloon.".utf8.count))] = value
        }
        cpus = (0..<Int(max(0, min(numbers["vcpu.maximum"] ?? 0, 4096)))).compactMap { id in
            numbers["vcpu.\(id).time"].map { CPU(id: id, nanoseconds: $0) }
        }
        nics = figures.places("net").compactMap { place in
            figures.texts["net.\(place).name"].map { tap in
                var nic = NIC(tap: tap, macAddress: addresses[tap])
                nic.received = Traffic("net.\(place).rx", numbers)
                nic.sent = Traffic("net.\(place).tx", numbers)
                return nic
            }
        }
        disks = figures.places("block").compactMap { place in
            figures.texts["block.\(place).name"].map { target in
                var disk = Disk(target: target)
                disk.readRequests = numbers["block.\(place).rd.reqs"] ?? 0
                disk.readBytes = numbers["block.\(place).rd.bytes"] ?? 0
                disk.writeRequests = numbers["block.\(place).wr.reqs"] ?? 0
                disk.writeBytes = numbers["block.\(place).wr.bytes"] ?? 0
                return disk
            }
        }
    }
}

extension GuestDiagnostics.Traffic {
    fileprivate init(_ prefix: String, _ numbers: [String: Int64]) {
        self.init()
        octets = numbers["\(prefix).bytes"] ?? 0
        packets = numbers["\(prefix).pkts"] ?? 0
        errors = numbers["\(prefix).errs"] ?? 0
        drops = numbers["\(prefix).drop"] ?? 0
    }
}
