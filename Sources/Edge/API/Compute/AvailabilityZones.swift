import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-availability-zone`. A zone is there as soon as a host is in it, and available while a service there is enabled.
struct AvailabilityZonesAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/os-availability-zone", .authenticated) { _ in
                let services = try await NovaService.all(compute).filter { $0.zone != NovaService.ownZone }
                return render(services) { $1.null("hosts") }
            },
            Route(.get, "/os-availability-zone/detail", .admin) { _ in
                render(try await NovaService.all(compute)) { services, writer in
                    if services.isEmpty { return writer.null("hosts") }
                    writer.object("hosts") { Self.write(services, to: &$0) }
                }
            },
        ]
    }

    /// The zones that are available come first. `hosts` gets the enabled services of one.
    private func render(
        _ services: [NovaService], _ hosts: (_ enabled: [NovaService], inout JSONWriter) -> Void
    ) -> APIResponse {
        let zones = Dictionary(grouping: services, by: \.zone).mapValues { $0.filter { !$0.isDisabled } }
        return .json { writer in
            writer.array("availabilityZoneInfo") { writer in
                for isAvailable in [true, false] {
                    for (name, enabled) in zones.sorted(by: { $0.key < $1.key })
                    where enabled.isEmpty != isAvailable {
                        writer.object { writer in
                            writer.field("zoneName", name)
                            writer.object("zoneState") { $0.field("available", isAvailable) }
                            hosts(enabled, &writer)
                        }
                    }
                }
            }
        }
    }

    private static func write(_ services: [NovaService], to writer: inout JSONWriter) {
        for (host, services) in Dictionary(grouping: services, by: \.host).sorted(by: { $0.key < $1.key }) {
            writer.key(text: host)
            writer.object { writer in
                for service in services {
                    writer.key(text: service.binary)
                    writer.object {
                        $0.field("active", true)
                        $0.field("available", service.isUp)
                        $0.field("updated_at", service.updatedAt, .microsecondsWithoutZone)
                    }
                }
            }
        }
    }
}
