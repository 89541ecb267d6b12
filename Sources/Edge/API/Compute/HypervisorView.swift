import APIKit
import Compute
import HostProtocol
import Model
import Wire

/// A hypervisor as one answer shows it.
struct HypervisorView: Sendable {
    typealias Members = [Field<FieldWriter<HypervisorView>>]

    let state: HypervisorState
    let now: Timestamp
    /// `nil` where they were not asked for.
    let servers: [Server]?

    var isUp: Bool { state.host.isUp(at: now) }

    static let summary: Members =
        [
            Field(until: 52) { $1.field("id", $0.state.host.number) },
            Field(since: 53) { $1.field("id", $0.state.host.id) },
            Field { $1.field("hypervisor_hostname", $0.state.host.hostname) },
            Field { $1.field("state", $0.isUp ? "up" : "down") },
            Field { $1.field("status", $0.state.host.isDisabled ? "disabled" : "enabled") },
            Field(until: 74) { view, writer in
                if let servers = view.servers, !servers.isEmpty { write(servers, to: &writer) }
            },
            Field(since: 75) { view, writer in
                if let servers = view.servers { write(servers, to: &writer) }
            },
        ]

    static let detail: Members = summary + facts

    private static let facts: Members =
        [
            Field { $1.field("hypervisor_type", $0.state.inventory.hypervisorType) },
            Field { $1.field("hypervisor_version", $0.state.inventory.hypervisorVersion) },
            Field { $1.null("host_ip") },
            Field(until: 52) { view, writer in
                writer.object("service") { writer in
                    writer.field("id", view.state.host.number)
                    view.writeService(to: &writer)
                }
            },
            Field(since: 53) { view, writer in
                writer.object("service") { writer in
                    writer.field("id", view.state.host.id)
                    view.writeService(to: &writer)
                }
            },
            // Up to 2.27 JSON in a text.
            Field(until: 27) { $1.field("cpu_info", #"{"arch": "\#($0.state.inventory.cpuArchitecture)"}"#) },
            Field(since: 28, until: 87) { view, writer in
                writer.object("cpu_info") { $0.field("arch", view.state.inventory.cpuArchitecture) }
            },
            Field(until: 87) { HypervisorFigures([$0.state]).write(to: &$1) },
            Field(since: 88) { $1.field("uptime", $0.uptime) },
        ]

    private func writeService(to writer: inout JSONWriter) {
        writer.field("host", state.host.hostname)
        writer.field("disabled_reason", state.host.disabledReason)
    }

    private static func write(_ servers: [Server], to writer: inout JSONWriter) {
        writer.array("servers") { writer in
            for server in servers {
                writer.object {
                    $0.field("name", server.name)
                    $0.field("uuid", server.id)
                }
            }
        }
    }

    /// As `uptime` begins to say it; `nil` of a host that is down, or whose agent does not tell.
    var uptime: String? {
        guard isUp, let bootedAt = state.inventory.bootedAt else { return nil }
        let minutes = Int(max(0, now.seconds(since: bootedAt))) / 60
        let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60)
        let time = now.iso8601().dropFirst("YYYY-MM-DDT".utf8.count).prefix("HH:MM:SS".utf8.count)
        let counted = days > 0 ? "\(days) day\(days == 1 ? "" : "s"), " : ""
        return " \(time) up \(counted)\(hours < 10 ? " " : "")\(hours):\(rest < 10 ? "0" : "")\(rest)"
    }
}

/// What hosts have and what of it is used, in Nova's words.
struct HypervisorFigures: Sendable {
    private let states: [HypervisorState]

    init(_ states: [HypervisorState]) {
        self.states = states
    }

    /// Into an object that is open.
    func write(to writer: inout JSONWriter) {
        func sum(_ figure: (HypervisorState) -> Int) -> Int { states.reduce(0) { $0 + figure($1) } }
        let (memory, disk) = (sum { $0.inventory.memoryMiB }, sum { $0.inventory.diskGiB })
        let (memoryUsed, diskUsed) = (sum { $0.used(.memory) }, sum { $0.used(.disk) })
        writer.field("vcpus", sum { $0.inventory.vcpus })
        writer.field("vcpus_used", sum { $0.used(.vcpus) })
        writer.field("memory_mb", memory)
        writer.field("memory_mb_used", memoryUsed)
        writer.field("free_ram_mb", memory - memoryUsed)
        writer.field("local_gb", disk)
        writer.field("local_gb_used", diskUsed)
        writer.field("free_disk_gb", disk - diskUsed)
        writer.field("disk_available_least", disk - diskUsed)
        writer.field("running_vms", sum { $0.servers })
        writer.field("current_workload", sum { $0.busyServers })
    }
}
