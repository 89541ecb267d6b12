import APIKit
import HTTPTypes
import Compute
import HostProtocol
import Model
import Wire

/// `/os-hosts`, which ended with 2.42. What it would do to a host Nova's libvirt driver does not do, nor does this one.
struct LegacyHostsAPI: Sendable {
    private struct Resources {
        var project: String
        var cpu = 0
        var memoryMiB = 0
        var diskGiB = 0

        mutating func add(_ flavor: FlavorSnapshot) {
            cpu += flavor.vcpus
            memoryMiB += flavor.ram
            diskGiB += flavor.disk + flavor.ephemeral
        }
    }

    let compute: ComputeService

    private static let versions = Microversion(2, 1)...Microversion(2, 42)

    var routes: [Route] {
        [
            Route(.get, "/os-hosts", .admin, versions: Self.versions, handler: list),
            Route(.get, "/os-hosts/{id}", .admin, versions: Self.versions, handler: show),
            Route(.put, "/os-hosts/{id}", .admin, versions: Self.versions, handler: update),
        ]
            + ["reboot", "shutdown", "startup"].map { action in
                var route = Route(.get, "/os-hosts/{id}/\(action)", .admin, versions: Self.versions, handler: refuse)
                route.isOffered = false
                return route
            }
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let zone = request.query("zone").flatMap { $0.isEmpty ? nil : $0 }
        let found = try await NovaService.all(compute).filter { !$0.isDisabled && (zone ?? $0.zone) == $0.zone }
        return .json { writer in
            writer.array("hosts") { writer in
                for service in found {
                    writer.object {
                        $0.field("host_name", service.host)
                        $0.field("service", service.topic)
                        $0.field("zone", service.zone)
                    }
                }
            }
        }
    }

    private func found(_ request: APIRequest) async throws -> HypervisorState {
        let name = request.parameter("id")
        guard let state = try await compute.hypervisors().first(where: { $0.host.hostname == name }) else {
            throw CloudError(.notFound, "Host '\(name.prefix(255))' is not mapped to any cell")
        }
        return state
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let state = try await found(request)
        let host = state.host
        var largest = Resources(project: "(used_max)")
        var byProject: [String: Resources] = [:]
        for server in try await compute.servers(on: [host.id])[host.id] ?? [] {
            let flavor = try server.flavor.value()
            let project = server.projectID.text
            largest.add(flavor)
            byProject[project, default: Resources(project: project)].add(flavor)
        }
        let all =
            [
                Resources(
                    project: "(total)", cpu: state.inventory.vcpus, memoryMiB: state.inventory.memoryMiB,
                    diskGiB: state.inventory.diskGiB),
                Resources(
                    project: "(used_now)", cpu: state.used(.vcpus), memoryMiB: state.used(.memory),
                    diskGiB: state.used(.disk)),
                largest,
            ] + byProject.values.sorted { $0.project < $1.project }
        return .json { writer in
            writer.array("host") { writer in
                for resources in all {
                    writer.object { writer in
                        writer.object("resource") {
                            $0.field("host", host.hostname)
                            $0.field("project", resources.project)
                            $0.field("cpu", resources.cpu)
                            $0.field("memory_mb", resources.memoryMiB)
                            $0.field("disk_gb", resources.diskGiB)
                        }
                    }
                }
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var fields = try Fields(try await request.json())
        try fields.refuseNulls()
        let words = ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"]
        let wishes = try ["status", "maintenance_mode"].map { try fields.word($0, of: words) }
        try fields.finish()
        guard wishes.contains(where: { $0 != nil }) else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute body. Give it 'status' or 'maintenance_mode'.")
        }
        return try await refuse(request)
    }

    private func refuse(_ request: APIRequest) async throws -> APIResponse {
        _ = try await found(request)
        throw CloudError(.notImplemented, "The requested functionality is not supported.")
    }
}
