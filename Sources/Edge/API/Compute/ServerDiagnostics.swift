import APIKit
import Compute
import HTTPTypes
import HostProtocol
import Model
import Wire

/// `/servers/{id}/diagnostics`: free names before 2.48, one shape for all hypervisors since.
struct ServerDiagnosticsAPI: Sendable {
    let compute: ComputeService
    let lookups: ServerLookups

    var routes: [Route] { [Route(.get, "/servers/{server_id}/diagnostics", .admin, handler: show)] }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let id: ServerID = request.id("server_id")
        let server = try await compute.server(id, by: request.caller)
        let found = try await lookups.diagnostics(of: server)
        guard request.version >= Microversion(2, 48) else { return .json { Self.writeFree(found, to: &$0) } }
        let uptime = server.launchedAt.map { Int(compute.clock.now().seconds(since: $0)) }
        return .json { Self.write(found, configDrive: server.configDrive, uptime: uptime, to: &$0) }
    }

    /// Nova's names, which are libvirt's; QEMU does not count errors of disks.
    private static func writeFree(_ found: GuestDiagnostics, to writer: inout JSONWriter) {
        func count(_ name: String, _ value: Int64) {
            writer.key(text: name)
            writer.value(Int(value))
        }
        for cpu in found.cpus { count("cpu\(cpu.id)_time", cpu.nanoseconds) }
        for disk in found.disks {
            count("\(disk.target)_read_req", disk.readRequests)
            count("\(disk.target)_read", disk.readBytes)
            count("\(disk.target)_write_req", disk.writeRequests)
            count("\(disk.target)_write", disk.writeBytes)
            count("\(disk.target)_errors", -1)
        }
        for nic in found.nics {
            for (way, traffic) in [("rx", nic.received), ("tx", nic.sent)] {
                count("\(nic.tap)_\(way)", traffic.octets)
                count("\(nic.tap)_\(way)_packets", traffic.packets)
                count("\(nic.tap)_\(way)_errors", traffic.errors)
                count("\(nic.tap)_\(way)_drop", traffic.drops)
            }
        }
        count("memory", found.maximumMemoryKiB)
        for (name, value) in found.balloon.sorted(by: { $0.key < $1.key }) {
            count("memory-\(name == "current" ? "actual" : name)", value)
        }
    }

    private static func write(
        _ found: GuestDiagnostics, configDrive: Bool, uptime: Int?, to writer: inout JSONWriter
    ) {
        writer.field("state", found.power.rawValue)
        // Nova's schema has no other name for a driver of QEMU guests.
        writer.field("driver", "libvirt")
        writer.field("hypervisor", found.hypervisor)
        writer.field("hypervisor_os", "linux")
        writer.field("uptime", uptime)
        writer.field("config_drive", configDrive)
        writer.field("num_cpus", found.cpus.count)
        writer.field("num_nics", found.nics.count)
        writer.field("num_disks", found.disks.count)
        writer.object("memory_details") { writer in
            writer.field("maximum", Int(found.maximumMemoryKiB >> 10))
            writer.field("used", Int(found.memoryKiB >> 10))
        }
        writer.array("cpu_details") { writer in
            for cpu in found.cpus { writer.object { write(cpu, to: &$0) } }
        }
        writer.array("disk_details") { writer in
            for disk in found.disks {
                writer.object { writer in
                    writer.field("read_bytes", Int(disk.readBytes))
                    writer.field("read_requests", Int(disk.readRequests))
                    writer.field("write_bytes", Int(disk.writeBytes))
                    writer.field("write_requests", Int(disk.writeRequests))
                    writer.null("errors_count")
                }
            }
        }
        writer.array("nic_details") { writer in
            for nic in found.nics { writer.object { write(nic, to: &$0) } }
        }
    }

    private static func write(_ cpu: GuestDiagnostics.CPU, to writer: inout JSONWriter) {
        writer.field("id", cpu.id)
        writer.field("time", Int(cpu.nanoseconds))
        writer.null("utilisation")
    }

    private static func write(_ nic: GuestDiagnostics.NIC, to writer: inout JSONWriter) {
        writer.field("mac_address", nic.macAddress)
        for (way, traffic) in [("rx", nic.received), ("tx", nic.sent)] {
            for (name, value) in [
                ("octets", traffic.octets), ("errors", traffic.errors), ("drop", traffic.drops),
                ("packets", traffic.packets),
            ] {
                writer.key(text: "\(way)_\(name)")
                writer.value(Int(value))
            }
            writer.key(text: "\(way)_rate")
            writer.null()
        }
    }
}
