import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/networks`.
struct NetworksAPI: Sendable {
    struct Row: Sendable {
        var network: Network
        var subnets: [SubnetID]
        var isAdmin: Bool
    }

    let networking: NetworkingService

    private let resource = NetworkResource<Row>(
        singular: "network", plural: "networks",
        comparable: [
            "id": { $0.network.id.text }, "name": { $0.network.name }, "project_id": { $0.network.projectID.text },
            "tenant_id": { $0.network.projectID.text }, "router:external": { "\($0.network.isExternal)" },
            "shared": { "\($0.network.isShared)" }, "is_default": { "\($0.network.isDefault)" },
            "admin_state_up": { "\($0.network.adminStateUp)" }, "status": { _ in "ACTIVE" },
            "description": { $0.network.description }, "mtu": { "\($0.network.mtu)" },
        ],
        write: { row, writer in
            let network = row.network
            writer.object { writer in
                writer.field("id", network.id)
                writer.field("name", network.name)
                writer.field("description", network.description)
                writer.field("admin_state_up", network.adminStateUp)
                writer.field("status", "ACTIVE")
                writer.field("shared", network.isShared)
                writer.field("router:external", network.isExternal)
                writer.field("is_default", network.isDefault)
                writer.field("port_security_enabled", network.portSecurityEnabled)
                writer.field("mtu", network.mtu)
                writer.field("subnets", strings: row.subnets.map(\.text))
                writer.field("availability_zone_hints", strings: [])
                writer.field("availability_zones", strings: ["nova"])
                writer.null("ipv4_address_scope")
                writer.null("ipv6_address_scope")
                if row.isAdmin {
                    writer.field("provider:network_type", "vxlan")
                    writer.null("provider:physical_network")
                    writer.field("provider:segmentation_id", network.segmentationID)
                }
                writer.common(network.projectID, network.tags, created: network.createdAt, updated: network.updatedAt)
            }
        })

    var routes: [Route] {
        [
            Route(.get, "/networks", .reader) { request in
                let subnets = Dictionary(
                    grouping: try await networking.subnets(by: request.caller), by: \.networkID)
                let rows = try await networking.networks(by: request.caller).map {
                    Row(network: $0, subnets: (subnets[$0.id] ?? []).map(\.id), isAdmin: request.caller.isAdmin)
                }
                return try resource.list(rows, request)
            },
            Route(.get, "/networks/{id}", .reader) { request in
                try await render(try await networking.network(request.id(), by: request.caller), request)
            },
            Route(.post, "/networks", .member, handler: create),
            Route(.put, "/networks/{id}", .member, handler: update),
            Route(.delete, "/networks/{id}", .member) { request in
                try await networking.deleteNetwork(request.id(), by: request.caller)
                return .noContent
            },
        ]
    }

    private func render(_ network: Network, _ request: APIRequest) async throws -> APIResponse {
        let subnets = try await networking.subnets(of: network.id).map(\.id)
        return try resource.one(Row(network: network, subnets: subnets, isAdmin: request.caller.isAdmin))
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let (items, isBulk) = try await resource.bodies(request)
        let wanted = try items.map { item in
            var fields = item
            let now = networking.clock.now()
            var network = Network(
                id: .random(), projectID: try request.owner(&fields), name: try fields.optionalString("name") ?? "",
                segmentationID: 0, tags: try JSONText([]), createdAt: now, updatedAt: now)
            try Self.read(&fields, into: &network)
            for known in [
                "provider:network_type", "provider:physical_network", "provider:segmentation_id",
                "availability_zone_hints", "vlan_transparent", "qos_policy_id", "dns_domain",
            ] {
                _ = fields.value(known)
            }
            try fields.finish()
            return network
        }
        let made = try await networking.create(wanted, by: request.caller)
        return try resource.created(
            made.map { Row(network: $0, subnets: [], isAdmin: request.caller.isAdmin) }, isBulk: isBulk)
    }

    private static func read(_ fields: inout Fields, into network: inout Network) throws {
        if let text = try fields.optionalString("description") { network.description = text }
        if let flag = try fields.optionalBool("admin_state_up") { network.adminStateUp = flag }
        if let flag = try fields.optionalBool("shared") { network.isShared = flag }
        if let flag = try fields.optionalBool("router:external") { network.isExternal = flag }
        if let flag = try fields.optionalBool("is_default") { network.isDefault = flag }
        if let flag = try fields.optionalBool("port_security_enabled") { network.portSecurityEnabled = flag }
        if let mtu = try fields.optionalInt("mtu", 68...9216) { network.mtu = mtu }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.body("network")
        let changed = try await networking.update(request.id(), by: request.caller) { (network: inout Network) in
            var fields = body
            if let name = try fields.optionalString("name") { network.name = name }
            try Self.read(&fields, into: &network)
            try fields.finish()
        }
        return try await render(changed, request)
    }
}
