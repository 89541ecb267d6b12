package import Attributes
package import Model
import Store
import Wire

/// What a body says of a router.
package struct RouterDraft: Sendable {
    package var router: Router
    /// `.some(nil)`: no way out; `nil`: as it is.
    package var gateway: GatewayRequest??

    package init(_ router: Router) {
        self.router = router
    }
}

package enum RouterAttributes {
    package static let table = AttributeTable<RouterDraft>(
        "router", "routers", table: "routers", wording: .network,
        StandardAttributes.identity { $0.router.projectID = $1 } + own
            + StandardAttributes.zones { $0.router.availabilityZoneHints = try JSONText($1.texts) }
            + StandardAttributes.history { $0.router.tags = try JSONText($1.texts) })

    private static let own: [Attribute<RouterDraft>] =
        [
            StandardAttributes.name { $0.router.name = $1.text },
            StandardAttributes.description { $0.router.description = $1.text },
            StandardAttributes.adminStateUp { $0.router.adminStateUp = $1.flag },
            Attribute("status", .text(0...16), .column("'ACTIVE'"), filter: .equal),
            Attribute(
                "external_gateway_info", gateway, .lookup(otherwise: "null", gateways), create: .anyone,
                change: .anyone, null: .none
            ) { draft, value in
                draft.gateway = .some(value == .null || value == .object([]) ? nil : GatewayRequest(value))
            },
            Attribute(
                "routes", .routes, .column("routes"), change: .anyone, default: .array([]),
                null: .same(as: .array([]))
            ) { $0.router.routes = try JSONText($1.records(SubnetRoute.self)) },
        ] + ["distributed", "ha"].map(absent)

    /// Routers run on every host that needs them; there is no other kind to choose.
    private static func absent(_ name: String) -> Attribute<RouterDraft> {
        Attribute(
            name,
            .checked(.boolean) { value throws(AttributeFault) in
                guard !value.flag else { throw AttributeFault("routers of this cloud are not '\(name)'") }
                return value
            }, .constant("false"), create: .admin, change: .admin, shown: .toAdmins)
    }

    private static let gateway = AttributeType.checked(.object) { value throws(AttributeFault) in
        guard case .object(let members) = value, !members.isEmpty else { return value }
        for member in members {
            switch member.key {
            case "network_id": _ = try AttributeType.uuid.converted(member.value, lenient: true)
            case "enable_snat": _ = try AttributeType.boolean.converted(member.value, lenient: true)
            case "external_fixed_ips": _ = try fixedIPs.converted(member.value, lenient: true)
            default: throw AttributeFault("Unexpected key '\(member.key.prefix(64))'")
            }
        }
        guard value["network_id"] != nil else { throw AttributeFault("it lacks the key 'network_id'") }
        return value
    }

    private static let fixedIPs = AttributeType.objects(["subnet_id?", "ip_address?"], most: 2) {
        address throws(AttributeFault) in
        if let text = address["ip_address"], IPAddress(text) == nil {
            throw AttributeFault("'\(text.prefix(64))' is not a valid IP address")
        }
    }

    @Sendable
    private static func gateways(_ ids: [String], _ db: any Connection) throws -> [String: String] {
        var found: [String: String] = [:]
        try ManyRows.each(ids) { places, ids in
            try db.forEach(
                """
                SELECT routers.id, gateway_network_id, snat_enabled, fixed_ips FROM routers
                JOIN ports ON ports.id = gateway_port_id WHERE routers.id IN (\(places))
                """,
                ids.map { .text($0) }
            ) { row in
                var writer = JSONWriter()
                writer.object { writer in
                    writer.field("network_id", row.text(1))
                    writer.field("enable_snat", row.integer(2) != 0)
                    writer.field("external_fixed_ips", raw: row.text(3))
                }
                found[row.text(0)] = String(decoding: writer.bytes, as: UTF8.self)
            }
        }
        return found
    }
}

extension GatewayRequest {
    fileprivate init(_ value: JSONValue) {
        self.init(networkID: NetworkID(value["network_id"]?.text ?? ""))
        if let flag = value["enable_snat"] {
            enableSNAT = flag == .bool(true) || flag == .integer(1) || ["true", "1"].contains(flag.text.lowercased())
            choosesSNAT = true
        }
        addresses = value["external_fixed_ips"]?.items.map { item in
            PortRequest.Address(
                subnetID: item["subnet_id"]?.optionalText.map { SubnetID($0) },
                ipAddress: item["ip_address"]?.optionalText)
        }
    }
}
