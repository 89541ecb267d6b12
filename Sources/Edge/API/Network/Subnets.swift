import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/subnets`.
struct SubnetsAPI: Sendable {
    let networking: NetworkingService

    private let resource = NetworkResource<Subnet>(
        singular: "subnet", plural: "subnets",
        comparable: [
            "id": { $0.id.text }, "name": { $0.name }, "network_id": { $0.networkID.text }, "cidr": { $0.cidr },
            "project_id": { $0.projectID.text }, "tenant_id": { $0.projectID.text },
            "ip_version": { "\($0.ipVersion)" },
            "enable_dhcp": { "\($0.enableDHCP)" }, "gateway_ip": { $0.gatewayIP ?? "" },
        ],
        write: { subnet, writer in
            writer.object { writer in
                writer.field("id", subnet.id)
                writer.field("name", subnet.name)
                writer.field("description", subnet.description)
                writer.field("network_id", subnet.networkID)
                writer.field("ip_version", subnet.ipVersion)
                writer.field("cidr", subnet.cidr)
                writer.field("gateway_ip", subnet.gatewayIP)
                writer.field("enable_dhcp", subnet.enableDHCP)
                writer.field("dns_nameservers", subnet.dnsNameservers)
                writer.field("host_routes", subnet.hostRoutes)
                writer.field("allocation_pools", subnet.allocationPools)
                writer.field("ipv6_address_mode", subnet.ipv6AddressMode)
                writer.field("ipv6_ra_mode", subnet.ipv6RAMode)
                writer.null("subnetpool_id")
                writer.field("service_types", strings: [])
                writer.common(subnet.projectID, subnet.tags, created: subnet.createdAt, updated: subnet.updatedAt)
            }
        })

    var routes: [Route] {
        [
            Route(.get, "/subnets", .reader) { request in
                try resource.list(try await networking.subnets(by: request.caller), request)
            },
            Route(.get, "/subnets/{id}", .reader) { request in
                try resource.one(try await networking.subnet(request.id(), by: request.caller))
            },
            Route(.post, "/subnets", .member, handler: create),
            Route(.put, "/subnets/{id}", .member, handler: update),
            Route(.delete, "/subnets/{id}", .member) { request in
                try await networking.deleteSubnet(request.id(), by: request.caller)
                return .noContent
            },
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let (items, isBulk) = try await resource.bodies(request)
        let wanted = try items.map { item in
            var fields = item
            let now = networking.clock.now()
            let wantsGateway = fields.has("gateway_ip")
            let gateway = try fields.optionalString("gateway_ip")
            var subnet = Subnet(
                id: .random(), networkID: try fields.id("network_id"), projectID: try request.owner(&fields),
                ipVersion: try fields.int("ip_version", 4...6), cidr: try fields.string("cidr", 1...64),
                gatewayIP: wantsGateway ? gateway : "", dnsNameservers: try JSONText([]), hostRoutes: try JSONText([]),
                allocationPools: try JSONText([]), ipv6AddressMode: try fields.optionalString("ipv6_address_mode"),
                ipv6RAMode: try fields.optionalString("ipv6_ra_mode"), tags: try JSONText([]), createdAt: now,
                updatedAt: now)
            try Self.read(&fields, into: &subnet)
            for known in ["subnetpool_id", "prefixlen", "service_types", "segment_id", "use_default_subnetpool"] {
                _ = fields.value(known)
            }
            try fields.finish()
            return subnet
        }
        return try resource.created(try await networking.create(wanted, by: request.caller), isBulk: isBulk)
    }

    private static func read(_ fields: inout Fields, into subnet: inout Subnet) throws {
        if let name = try fields.optionalString("name") { subnet.name = name }
        if let text = try fields.optionalString("description") { subnet.description = text }
        if let flag = try fields.optionalBool("enable_dhcp") { subnet.enableDHCP = flag }
        if let servers = try fields.strings("dns_nameservers") {
            for server in servers where IPAddress(server) == nil {
                throw fields.invalid("dns_nameservers", .string(server), "It is not an IP address.")
            }
            subnet.dnsNameservers = try JSONText(servers)
        }
        if let routes = try fields.optionalArray("host_routes") {
            subnet.hostRoutes = try JSONText(try self.routes(routes))
        }
        if let pools = try fields.optionalArray("allocation_pools") {
            subnet.allocationPools = try JSONText(
                try pools.map { pool in
                    var fields = try Fields(pool, at: "allocation_pools")
                    let range = AddressRange(start: try fields.string("start"), end: try fields.string("end"))
                    try fields.finish()
                    return range
                })
        }
    }

    static func routes(_ items: [JSONValue]) throws -> [SubnetRoute] {
        try items.map { item in
            var fields = try Fields(item, at: "routes")
            let route = SubnetRoute(
                destination: try fields.string("destination"), nexthop: try fields.string("nexthop"))
            try fields.finish()
            guard CIDR(route.destination) != nil, IPAddress(route.nexthop) != nil else {
                throw CloudError.badRequest(
                    "Invalid route: destination '\(route.destination.prefix(64))', "
                        + "nexthop '\(route.nexthop.prefix(64))'."
                )
            }
            return route
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.body("subnet")
        let changed = try await networking.update(request.id(), by: request.caller) { (subnet: inout Subnet) in
            var fields = body
            if fields.has("gateway_ip") {
                let gateway = try fields.optionalString("gateway_ip")
                if let gateway, IPAddress(gateway) == nil {
                    throw fields.invalid("gateway_ip", .string(gateway), "It is not an IP address.")
                }
                subnet.gatewayIP = gateway
            }
            try Self.read(&fields, into: &subnet)
            try fields.finish()
        }
        return try resource.one(changed)
    }
}
