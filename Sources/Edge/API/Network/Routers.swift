import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/routers`.
struct RoutersAPI: Sendable {
    struct Row: Sendable {
        var router: Router
        var gatewayAddresses: [FixedIP]
    }

    let networking: NetworkingService

    private let resource = NetworkResource<Row>(
        singular: "router", plural: "routers",
        comparable: [
            "id": { $0.router.id.text }, "name": { $0.router.name }, "project_id": { $0.router.projectID.text },
            "tenant_id": { $0.router.projectID.text }, "admin_state_up": { "\($0.router.adminStateUp)" },
        ],
        write: { row, writer in
            let router = row.router
            writer.object { writer in
                writer.field("id", router.id)
                writer.field("name", router.name)
                writer.field("description", router.description)
                writer.field("admin_state_up", router.adminStateUp)
                writer.field("status", "ACTIVE")
                writer.field("distributed", false)
                writer.field("ha", false)
                writer.field("routes", router.routes)
                writer.field("availability_zone_hints", strings: [])
                writer.field("availability_zones", strings: ["nova"])
                writer.null("flavor_id")
                if let network = router.gatewayNetworkID {
                    writer.object("external_gateway_info") { writer in
                        writer.field("network_id", network)
                        writer.field("enable_snat", router.snatEnabled)
                        writer.array("external_fixed_ips") { writer in
                            for address in row.gatewayAddresses {
                                writer.object {
                                    $0.field("subnet_id", address.subnetID)
                                    $0.field("ip_address", address.ipAddress)
                                }
                            }
                        }
                    }
                } else {
                    writer.null("external_gateway_info")
                }
                writer.common(router.projectID, router.tags, created: router.createdAt, updated: router.updatedAt)
            }
        })

    var routes: [Route] {
        [
            Route(.get, "/routers", .reader) { request in
                var rows: [Row] = []
                for router in try await networking.list(Router.self, by: request.caller) {
                    rows.append(try await row(router))
                }
                return try resource.list(rows, request)
            },
            Route(.get, "/routers/{id}", .reader) { request in
                try resource.one(try await row(try await networking.router(request.id(), by: request.caller)))
            },
            Route(.post, "/routers", .member, handler: create),
            Route(.put, "/routers/{id}", .member, handler: update),
            Route(.delete, "/routers/{id}", .member) { request in
                try await networking.deleteRouter(request.id(), by: request.caller)
                return .noContent
            },
            Route(.put, "/routers/{id}/add_router_interface", .member) { request in
                let (subnet, port) = try await target(request)
                return try interface(
                    try await networking.addInterface(
                        router: request.id(), subnet: subnet, port: port, by: request.caller), request)
            },
            Route(.put, "/routers/{id}/remove_router_interface", .member) { request in
                let (subnet, port) = try await target(request)
                return try interface(
                    try await networking.removeInterface(
                        router: request.id(), subnet: subnet, port: port, by: request.caller), request)
            },
        ]
    }

    private func row(_ router: Router) async throws -> Row {
        Row(
            router: router, gatewayAddresses: try await networking.gatewayPort(of: router)?.fixedIPs.value() ?? [])
    }

    private func target(_ request: APIRequest) async throws -> (SubnetID?, PortID?) {
        var fields = try Fields(try await request.json())
        let found: (SubnetID?, PortID?) = (try fields.optionalID("subnet_id"), try fields.optionalID("port_id"))
        try fields.finish()
        guard (found.0 == nil) != (found.1 == nil) else {
            throw CloudError.badRequest("Invalid input for router interface: give either subnet_id or port_id.")
        }
        return found
    }

    private func interface(_ port: Port, _ request: APIRequest) throws -> APIResponse {
        let subnets = try port.fixedIPs.value().map(\.subnetID)
        return .json { writer in
            writer.field("id", request.parameter("id"))
            writer.field("port_id", port.id)
            writer.field("network_id", port.networkID)
            writer.field("subnet_id", subnets.first)
            writer.field("subnet_ids", strings: subnets.map(\.text))
            writer.field("project_id", port.projectID)
            writer.field("tenant_id", port.projectID)
        }
    }

    private static func gateway(_ fields: inout Fields) throws -> GatewayRequest?? {
        guard let value = fields.value("external_gateway_info") else { return .none }
        if value == .null || value == .object([]) { return .some(nil) }
        var info = try Fields(value, at: "external_gateway_info")
        var wanted = GatewayRequest(
            networkID: try info.id("network_id"), enableSNAT: try info.optionalBool("enable_snat") ?? true)
        for item in try info.optionalArray("external_fixed_ips") ?? [] {
            var address = try Fields(item, at: "external_fixed_ips")
            wanted.fixedIP = try address.optionalString("ip_address")
            _ = address.value("subnet_id")
            try address.finish()
        }
        try info.finish()
        return .some(wanted)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("router")
        let now = networking.clock.now()
        let router = Router(
            id: .random(), projectID: try request.owner(&fields), name: try fields.optionalString("name") ?? "",
            description: try fields.optionalString("description") ?? "",
            adminStateUp: try fields.optionalBool("admin_state_up") ?? true, routes: try JSONText([]),
            tags: try JSONText([]), createdAt: now, updatedAt: now)
        let gateway = try Self.gateway(&fields)
        for known in ["distributed", "ha", "availability_zone_hints", "flavor_id"] { _ = fields.value(known) }
        try fields.finish()
        let made = try await networking.create(router, gateway: gateway ?? nil, by: request.caller)
        return try resource.one(try await row(made), .created)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var body = try await request.body("router")
        let gateway = try Self.gateway(&body)
        for known in ["distributed", "ha"] { _ = body.value(known) }
        let rest = body
        let changed = try await networking.update(request.id(), gateway: gateway, by: request.caller) { router in
            var fields = rest
            if let name = try fields.optionalString("name") { router.name = name }
            if let text = try fields.optionalString("description") { router.description = text }
            if let flag = try fields.optionalBool("admin_state_up") { router.adminStateUp = flag }
            if let routes = try fields.optionalArray("routes") {
                router.routes = try JSONText(try SubnetsAPI.routes(routes))
            }
            try fields.finish()
        }
        return try resource.one(try await row(changed))
    }
}
