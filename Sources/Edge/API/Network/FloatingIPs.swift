import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/floatingips`.
struct FloatingIPsAPI: Sendable {
    let networking: NetworkingService

    private let resource = NetworkResource<FloatingIP>(
        singular: "floatingip", plural: "floatingips",
        comparable: [
            "id": { $0.id.text }, "floating_ip_address": { $0.address }, "fixed_ip_address": { $0.fixedAddress ?? "" },
            "port_id": { $0.portID?.text ?? "" }, "router_id": { $0.routerID?.text ?? "" },
            "floating_network_id": { $0.networkID.text }, "project_id": { $0.projectID.text },
            "tenant_id": { $0.projectID.text }, "status": { $0.portID == nil ? "DOWN" : "ACTIVE" },
            "description": { $0.description },
        ],
        write: { floating, writer in
            writer.object { writer in
                writer.field("id", floating.id)
                writer.field("floating_ip_address", floating.address)
                writer.field("floating_network_id", floating.networkID)
                writer.field("fixed_ip_address", floating.fixedAddress)
                writer.field("port_id", floating.portID)
                writer.field("router_id", floating.routerID)
                writer.field("status", floating.portID == nil ? "DOWN" : "ACTIVE")
                writer.field("description", floating.description)
                writer.field("dns_domain", "")
                writer.field("dns_name", "")
                writer.null("port_details")
                writer.array("port_forwardings") { _ in }
                writer.null("qos_policy_id")
                writer.common(
                    floating.projectID, floating.tags, created: floating.createdAt, updated: floating.updatedAt)
            }
        })

    var routes: [Route] {
        [
            Route(.get, "/floatingips", .reader) { request in
                try resource.list(try await networking.list(FloatingIP.self, by: request.caller), request)
            },
            Route(.get, "/floatingips/{id}", .reader) { request in
                try resource.one(try await networking.floatingIP(request.id(), by: request.caller))
            },
            Route(.post, "/floatingips", .member, handler: create),
            Route(.put, "/floatingips/{id}", .member, handler: update),
            Route(.delete, "/floatingips/{id}", .member) { request in
                try await networking.deleteFloatingIP(request.id(), by: request.caller)
                return .noContent
            },
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("floatingip")
        let (network, project): (NetworkID, ProjectID) = (
            try fields.id("floating_network_id"), try request.owner(&fields)
        )
        let description = try fields.optionalString("description") ?? ""
        let address = try fields.optionalString("floating_ip_address")
        let (subnet, port): (SubnetID?, PortID?) = (
            try fields.optionalID("subnet_id"), try fields.optionalID("port_id")
        )
        let fixed = try fields.optionalString("fixed_ip_address")
        try Self.passOver(&fields)
        let made = try await networking.createFloatingIP(
            network: network, project: project, description: description, address: address, subnet: subnet, port: port,
            fixedAddress: fixed, by: request.caller)
        return try resource.one(made, .created)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("floatingip")
        var wanted = NetworkingService.FloatingIPChange(
            description: try fields.optionalString("description"),
            fixedAddress: try fields.optionalString("fixed_ip_address"))
        if fields.has("port_id") { wanted.port = .some(try fields.optionalID("port_id")) }
        try Self.passOver(&fields)
        return try resource.one(try await networking.update(request.id(), wanted, by: request.caller))
    }

    /// Members of extensions that change nothing here; any other is refused.
    private static func passOver(_ fields: inout Fields) throws {
        for known in ["qos_policy_id", "dns_name", "dns_domain", "distributed"] { _ = fields.value(known) }
        try fields.finish()
    }
}
