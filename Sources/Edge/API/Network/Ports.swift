import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/ports`.
struct PortsAPI: Sendable {
    struct Row: Sendable {
        var port: Port
        var isAdmin: Bool
    }

    let networking: NetworkingService

    private let resource = NetworkResource<Row>(
        singular: "port", plural: "ports",
        comparable: [
            "id": { $0.port.id.text }, "name": { $0.port.name }, "network_id": { $0.port.networkID.text },
            "device_id": { $0.port.deviceID }, "device_owner": { $0.port.deviceOwner },
            "mac_address": { $0.port.macAddress }, "status": { $0.port.status },
            "project_id": { $0.port.projectID.text }, "tenant_id": { $0.port.projectID.text },
            "admin_state_up": { "\($0.port.adminStateUp)" }, "binding:host_id": { $0.port.bindingHost },
        ],
        write: { row, writer in
            let port = row.port
            writer.object { writer in
                writer.field("id", port.id)
                writer.field("name", port.name)
                writer.field("description", port.description)
                writer.field("network_id", port.networkID)
                writer.field("admin_state_up", port.adminStateUp)
                writer.field("status", port.status)
                writer.field("mac_address", port.macAddress)
                writer.field("fixed_ips", port.fixedIPs)
                writer.field("device_id", port.deviceID)
                writer.field("device_owner", port.deviceOwner)
                writer.field("security_groups", port.securityGroups)
                writer.field("port_security_enabled", port.portSecurityEnabled)
                writer.field("allowed_address_pairs", port.allowedAddressPairs)
                writer.array("extra_dhcp_opts") { _ in }
                writer.field("binding:vnic_type", port.vnicType)
                if row.isAdmin {
                    writer.field("binding:host_id", port.bindingHost)
                    writer.field("binding:vif_type", port.bindingHost.isEmpty ? "unbound" : "bridge")
                    writer.object("binding:vif_details") { $0.field("port_filter", true) }
                    writer.object("binding:profile") { _ in }
                }
                writer.field("dns_name", port.dnsName)
                writer.array("dns_assignment") { _ in }
                writer.null("qos_policy_id")
                writer.null("resource_request")
                writer.common(port.projectID, port.tags, created: port.createdAt, updated: port.updatedAt)
            }
        })

    var routes: [Route] {
        [
            Route(.get, "/ports", .reader) { request in
                let found = try await networking.ports(
                    network: request.query("network_id").map { NetworkID($0) }, device: request.query("device_id"),
                    by: request.caller)
                let rows = try found.filter { try matches($0, request.queries("fixed_ips")) }
                return try resource.list(rows.map { Row(port: $0, isAdmin: request.caller.isAdmin) }, request)
            },
            Route(.get, "/ports/{id}", .reader) { request in
                try render(try await networking.port(request.id(), by: request.caller), request)
            },
            Route(.post, "/ports", .member, handler: create),
            Route(.put, "/ports/{id}", .member, handler: update),
            Route(.delete, "/ports/{id}", .member) { request in
                try await networking.deletePort(request.id(), by: request.caller)
                return .noContent
            },
        ]
    }

    /// `fixed_ips=ip_address=A` and `fixed_ips=subnet_id=S`.
    private func matches(_ port: Port, _ wanted: [String]) throws -> Bool {
        guard !wanted.isEmpty else { return true }
        let addresses = try port.fixedIPs.value()
        return wanted.allSatisfy { want in
            let parts = want.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return false }
            return addresses.contains {
                parts[0] == "subnet_id" ? $0.subnetID.text == parts[1] : $0.ipAddress == parts[1]
            }
        }
    }

    private func render(_ port: Port, _ request: APIRequest) throws -> APIResponse {
        try resource.one(Row(port: port, isAdmin: request.caller.isAdmin))
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let (items, isBulk) = try await resource.bodies(request)
        let made = try await networking.create(try items.map { try read($0, request) }, by: request.caller)
        return try resource.created(made.map { Row(port: $0, isAdmin: request.caller.isAdmin) }, isBulk: isBulk)
    }

    private func read(_ item: Fields, _ request: APIRequest) throws -> PortRequest {
        var fields = item
        var wanted = PortRequest(networkID: try fields.id("network_id"), projectID: try request.owner(&fields))
        wanted.name = try fields.optionalString("name") ?? ""
        wanted.description = try fields.optionalString("description") ?? ""
        wanted.adminStateUp = try fields.optionalBool("admin_state_up") ?? true
        wanted.macAddress = try Self.mac(&fields)
        wanted.addresses = try Self.addresses(&fields)
        wanted.securityGroups = try fields.strings("security_groups").map { $0.map { SecurityGroupID($0) } }
        wanted.portSecurityEnabled = try fields.optionalBool("port_security_enabled")
        wanted.allowedAddressPairs = try Self.pairs(&fields, mac: wanted.macAddress ?? "") ?? []
        wanted.deviceID = try fields.optionalString("device_id") ?? ""
        wanted.deviceOwner = try fields.optionalString("device_owner") ?? ""
        wanted.dnsName = try fields.optionalString("dns_name", 0...63) ?? ""
        wanted.tags = try fields.strings("tags") ?? []
        try Self.passOver(&fields)
        try fields.finish()
        return wanted
    }

    private static func passOver(_ fields: inout Fields) throws {
        for known in [
            "binding:vnic_type", "binding:profile", "binding:host_id", "extra_dhcp_opts", "qos_policy_id",
            "propagate_uplink_status", "numa_affinity_policy", "dns_domain", "hints",
        ] {
            _ = fields.value(known)
        }
    }

    private static func mac(_ fields: inout Fields) throws -> String? {
        guard let text = try fields.optionalString("mac_address")?.lowercased() else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts.allSatisfy({ $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) }),
            let first = UInt8(parts[0], radix: 16), first & 1 == 0
        else { throw fields.invalid("mac_address", .string(text), "It is not a unicast MAC address.") }
        return text
    }

    private static func addresses(_ fields: inout Fields) throws -> [PortRequest.Address]? {
        guard let items = try fields.optionalArray("fixed_ips") else { return nil }
        return try items.map { item in
            var address = try Fields(item, at: "fixed_ips")
            let wanted = PortRequest.Address(
                subnetID: try address.optionalID("subnet_id"), ipAddress: try address.optionalString("ip_address"))
            try address.finish()
            return wanted
        }
    }

    private static func pairs(_ fields: inout Fields, mac: String) throws -> [AllowedAddressPair]? {
        guard let items = try fields.optionalArray("allowed_address_pairs") else { return nil }
        return try items.map { item in
            var pair = try Fields(item, at: "allowed_address_pairs")
            let address = try pair.string("ip_address", 1...64)
            let found = AllowedAddressPair(ipAddress: address, macAddress: try Self.mac(&pair) ?? mac)
            try pair.finish()
            guard CIDR(address) != nil else {
                throw CloudError.badRequest("Invalid address '\(address)' in allowed_address_pairs.")
            }
            return found
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var body = try await request.body("port")
        let addresses = try Self.addresses(&body)
        try Self.passOver(&body)
        let rest = body
        let changed = try await networking.update(request.id(), addresses: addresses, by: request.caller) { port in
            var fields = rest
            try Self.read(&fields, into: &port)
            try fields.finish()
        }
        return try render(changed, request)
    }

    private static func read(_ fields: inout Fields, into port: inout Port) throws {
        if let name = try fields.optionalString("name") { port.name = name }
        if let text = try fields.optionalString("description") { port.description = text }
        if let flag = try fields.optionalBool("admin_state_up") { port.adminStateUp = flag }
        if let groups = try fields.strings("security_groups") {
            port.securityGroups = try JSONText(groups.map { SecurityGroupID($0) })
        }
        if let flag = try fields.optionalBool("port_security_enabled") { port.portSecurityEnabled = flag }
        if let pairs = try pairs(&fields, mac: port.macAddress) { port.allowedAddressPairs = try JSONText(pairs) }
        if let device = try fields.optionalString("device_id") { port.deviceID = device }
        if let owner = try fields.optionalString("device_owner") { port.deviceOwner = owner }
        if let name = try fields.optionalString("dns_name", 0...63) { port.dnsName = name }
    }
}
