import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/quotas`, `/extensions` and the lists that clients look at first.
struct NetworkQuotasAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] {
        [
            Route(.get, "/quotas", .admin, handler: list),
            Route(.get, "/quotas/{project}", .reader) { try await show($0) { $0.limit } },
            Route(.get, "/quotas/{project}/details", .reader, handler: details),
            Route(.get, "/quotas/{project}/details.json", .reader, handler: details),
            Route(.get, "/quotas/{project}/default", .reader) { request in
                try check(request)
                return render(Quota.networkDefaults.map { ($0.resource, $0.limit) })
            },
            Route(.put, "/quotas/{project}", .admin, handler: update),
            Route(.delete, "/quotas/{project}", .admin) { request in
                let defaults = Dictionary(uniqueKeysWithValues: Quota.networkDefaults.map { ($0.resource, $0.limit) })
                try await networking.setQuotas(defaults, of: request.id("project"))
                return .noContent
            },
            Route(.get, "/availability_zones", .reader) { _ in
                .json { writer in
                    writer.array("availability_zones") { writer in
                        for resource in ["network", "router"] {
                            writer.object {
                                $0.field("name", "nova")
                                $0.field("resource", resource)
                                $0.field("state", "available")
                            }
                        }
                    }
                }
            },
        ]
    }

    private func render(_ values: [(String, Int)]) -> APIResponse {
        .json { writer in
            writer.object("quota") { writer in
                for (name, value) in values {
                    writer.key(text: name)
                    writer.value(value)
                }
            }
        }
    }

    private func check(_ request: APIRequest) throws {
        guard request.caller.owns(request.id("project")) else {
            throw CloudError(
                .forbidden, "You may not see the quotas of another project.", type: "PolicyNotAuthorized")
        }
    }

    /// The projects whose limits are not the usual ones.
    private func list(_ request: APIRequest) async throws -> APIResponse {
        let found = try await networking.limitedProjects()
        var quotas: [(ProjectID, [Quota])] = []
        for project in found { quotas.append((project, try await networking.quotas(of: project))) }
        let shown = quotas
        return .json { writer in
            writer.array("quotas") { writer in
                for (project, limits) in shown {
                    writer.object { writer in
                        writer.field("project_id", project)
                        writer.field("tenant_id", project)
                        for quota in limits {
                            writer.key(text: quota.resource)
                            writer.value(quota.limit)
                        }
                    }
                }
            }
        }
    }

    private func quotas(_ request: APIRequest) async throws -> [Quota] {
        try check(request)
        return try await networking.quotas(of: request.id("project"))
    }

    private func show(_ request: APIRequest, _ value: (Quota) -> Int) async throws -> APIResponse {
        render(try await quotas(request).map { ($0.resource, value($0)) })
    }

    private func details(_ request: APIRequest) async throws -> APIResponse {
        let quotas = try await quotas(request)
        return .json { writer in
            writer.object("quota") { writer in
                for quota in quotas {
                    writer.key(text: quota.resource)
                    writer.object {
                        $0.field("limit", quota.limit)
                        $0.field("used", quota.used)
                        $0.field("reserved", 0)
                    }
                }
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("quota")
        var limits: [String: Int] = [:]
        for (resource, _) in Quota.networkDefaults {
            if let limit = try fields.optionalInt(resource, -1...Int(Int32.max)) { limits[resource] = limit }
        }
        for known in ["force", "check_limit", "tenant_id", "project_id"] { _ = fields.value(known) }
        try fields.finish()
        try await networking.setQuotas(limits, of: request.id("project"))
        return try await show(request) { $0.limit }
    }
}
