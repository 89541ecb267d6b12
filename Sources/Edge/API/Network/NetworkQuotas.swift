import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/quotas`, `/extensions` and the lists that clients look at first.
struct NetworkQuotasAPI: Sendable {
    let networking: NetworkingService

    /// What this service can do, by Neutron's aliases.
    private static let extensions = [
        "allowed-address-pairs", "availability_zone", "binding", "dns-integration", "ext-gw-mode", "external-net",
        "extraroute", "net-mtu", "net-mtu-writable", "network_availability_zone", "port-security", "project-id",
        "provider", "quota_details", "quotas", "router", "router_availability_zone", "security-group",
        "standard-attr-description", "standard-attr-timestamp",
    ]

    var routes: [Route] {
        [
            Route(.get, "/extensions", .authenticated) { _ in
                .json { writer in
                    writer.array("extensions") { writer in
                        for alias in Self.extensions { Self.write(alias, to: &writer) }
                    }
                }
            },
            Route(.get, "/extensions/{alias}", .authenticated) { request in
                let alias = request.parameter("alias")
                guard Self.extensions.contains(alias) else {
                    throw CloudError(.notFound, "Extension with alias \(alias.prefix(64)) does not exist")
                }
                return .json { writer in
                    writer.key("extension")
                    Self.write(alias, to: &writer)
                }
            },
            Route(.get, "/quotas/{project}", .reader) { try await show($0) { $0.limit } },
            Route(.get, "/quotas/{project}/details.json", .reader, handler: details),
            Route(.get, "/quotas/{project}/default", .reader) { request in
                render(Quota.networkDefaults.map { ($0.resource, $0.limit) })
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

    private static func write(_ alias: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("alias", alias)
            writer.field("name", alias)
            writer.field("description", alias)
            writer.field("updated", "2026-01-01T00:00:00-00:00")
            writer.array("links") { _ in }
        }
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

    private func quotas(_ request: APIRequest) async throws -> [Quota] {
        guard request.caller.owns(request.id("project")) else {
            throw CloudError(.forbidden, "You may not see the quotas of this project.")
        }
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
