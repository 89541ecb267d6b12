import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-quota-sets`.
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
                render(try await compute.defaultQuotas(of: request.id("project")), request, detail: false)
            },
            Route(.put, "/os-quota-sets/{project}", .admin, handler: update),
            Route(.delete, "/os-quota-sets/{project}", .admin) { request in
                try await compute.resetQuotas(of: request.id("project"))
                return .accepted
            },
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
}
