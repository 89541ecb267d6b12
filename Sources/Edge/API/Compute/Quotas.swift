import APIKit
import HTTPTypes
import Compute
import Foundation
import Model
import Wire

/// `/os-quota-sets`, `/os-availability-zone`.
struct QuotasAPI: Sendable {
    let compute: ComputeService
    /// Whether Identity knows a project.
    let isProject: @Sendable (ProjectID) async throws -> Bool

    private static let former = Quota.formerComputeDefaults.map { Field(until: $0.until - 1, $0.resource) }

    var routes: [Route] {
        [
            Route(.get, "/os-quota-sets/{project}", .reader) { try await show($0, detail: false) },
            Route(.get, "/os-quota-sets/{project}/detail", .reader) { try await show($0, detail: true) },
            Route(.get, "/os-quota-sets/{project}/defaults", .authenticated) { request in
                render(
                    Quota.allComputeDefaults.map {
                        Quota(projectID: request.id("project"), resource: $0.resource, limit: $0.limit)
                    }, request, detail: false)
            },
            Route(.put, "/os-quota-sets/{project}", .admin, handler: update),
            Route(.delete, "/os-quota-sets/{project}", .admin) { request in
                try await compute.resetQuotas(of: request.id("project"))
                return .accepted
            },
            Route(.get, "/os-availability-zone", .authenticated) { try await zones($0, detail: false) },
            Route(.get, "/os-availability-zone/detail", .admin) { try await zones($0, detail: true) },
        ]
    }

    private func show(_ request: APIRequest, detail: Bool) async throws -> APIResponse {
        guard request.caller.owns(request.id("project")) else {
            throw CloudError(.forbidden, "Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.")
        }
        return render(try await compute.quotas(of: request.id("project")), request, detail: detail)
    }

    private func render(_ quotas: [Quota], _ request: APIRequest, detail: Bool, withID: Bool = true) -> APIResponse {
        let hidden = Self.former.absent(at: request.version)
        let all = quotas.filter { !hidden.contains($0.resource) }
        return .json { writer in
            writer.object("quota_set") { writer in
                if withID { writer.field("id", request.parameter("project")) }
                for quota in all {
                    writer.key(text: quota.resource)
                    guard detail else {
                        writer.value(quota.limit)
                        continue
                    }
                    writer.object {
                        $0.field("limit", quota.limit)
                        $0.field("in_use", quota.used)
                        $0.field("reserved", 0)
                    }
                }
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("quota_set", Self.former)
        try fields.refuseNulls()
        let force = try fields.optionalBool("force") ?? false
        var limits: [String: Int] = [:]
        for (resource, _) in Quota.allComputeDefaults {
            if let limit = try fields.optionalInt(resource, -1...Int(Int32.max)) { limits[resource] = limit }
        }
        try fields.finish()
        let project: ProjectID = request.id("project")
        guard try await isProject(project) else {
            throw CloudError.badRequest("Project ID \(project.text.prefix(80)) is not a valid project.")
        }
        try await compute.setQuotas(limits, of: project, force: force)
        return render(try await compute.quotas(of: project), request, detail: false, withID: false)
    }

    private func zones(_ request: APIRequest, detail: Bool) async throws -> APIResponse {
        let zones = try await compute.availabilityZones()
        let now = compute.clock.now()
        return .json { writer in
            writer.array("availabilityZoneInfo") { writer in
                for zone in zones {
                    writer.object { writer in
                        writer.field("zoneName", zone.name)
                        writer.object("zoneState") { $0.field("available", zone.isAvailable) }
                        guard detail else { return writer.null("hosts") }
                        writer.object("hosts") { writer in
                            for host in zone.hosts {
                                writer.key(text: host.hostname)
                                writer.object { writer in
                                    Self.write(
                                        "nova-compute", isActive: !host.isDisabled, isUp: host.isUp(at: now),
                                        seen: host.lastSeenAt, to: &writer)
                                }
                            }
                        }
                    }
                }
                if detail { Self.writeOwnZone(now, to: &writer) }
            }
        }
    }

    /// Looked up once: a name server may be asked for it.
    private static let ownHost = ProcessInfo.processInfo.hostName

    /// Nova's zone of services that run no guests: here they are this process, which answers and so is up.
    private static func writeOwnZone(_ now: Timestamp, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("zoneName", "internal")
            writer.object("zoneState") { $0.field("available", true) }
            writer.object("hosts") { writer in
                writer.key(text: ownHost)
                writer.object { writer in
                    for service in ["nova-conductor", "nova-scheduler"] as [StaticString] {
                        write(service, isActive: true, isUp: true, seen: now, to: &writer)
                    }
                }
            }
        }
    }

    private static func write(
        _ service: StaticString, isActive: Bool, isUp: Bool, seen: Timestamp, to writer: inout JSONWriter
    ) {
        writer.object(service) {
            $0.field("active", isActive)
            $0.field("available", isUp)
            $0.field("updated_at", seen.iso8601(.microsecondsWithoutZone))
        }
    }
}
