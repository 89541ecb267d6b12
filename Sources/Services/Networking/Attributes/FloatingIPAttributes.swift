package import Attributes
package import Model
import Store
import Wire

/// What a body says of a floating IP.
package struct FloatingIPDraft: Sendable {
    package var floating: FloatingIP
    package var address: String?
    package var subnetID: SubnetID?
    /// `.some(nil)`: it points nowhere; `nil`: where it does.
    package var port: PortID??
    /// Of the port's addresses, if not the first.
    package var fixedAddress: String?

    package init(_ floating: FloatingIP) {
        self.floating = floating
    }
}

package enum FloatingIPAttributes {
    package static let table = AttributeTable<FloatingIPDraft>(
        "floatingip", "floatingips", table: "floating_ips", wording: .network,
        StandardAttributes.identity { $0.floating.projectID = $1 } + own
            + StandardAttributes.history { $0.floating.tags = try JSONText($1.texts) })

    private static let own: [Attribute<FloatingIPDraft>] = [
        StandardAttributes.description { $0.floating.description = $1.text },
        Attribute(
            "floating_network_id", .uuid, .column("network_id"), create: .anyone, required: true, filter: .equal,
            sorts: true
        ) { $0.floating.networkID = NetworkID($1.text) },
        Attribute(
            "floating_ip_address", .address, .column("address"), create: .admin, null: .absent, filter: .equal,
            sorts: true
        ) { $0.address = $1.text },
        Attribute(
            "subnet_id", .uuid, .nowhere, create: .anyone, null: .absent, shown: .never
        ) { $0.subnetID = SubnetID($1.text) },
        Attribute("router_id", .uuid, .column("router_id"), filter: .equal, sorts: true),
        Attribute(
            "port_id", .uuid, .column("port_id"), create: .anyone, change: .anyone, null: .none, filter: .equal
        ) { $0.port = .some($1.optionalText.map { PortID($0) }) },
        Attribute(
            "fixed_ip_address", .address, .column("fixed_address"), create: .anyone, change: .anyone, null: .absent,
            filter: .equal, sorts: true
        ) { $0.fixedAddress = $1.text },
        Attribute(
            "status", .text(0...16), .column("CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END"),
            filter: .equal, sorts: true),
        Attribute(
            "dns_name", .dnsName, .column("dns_name"), create: .anyone, default: "", filter: .equal
        ) { $0.floating.dnsName = $1.text },
        Attribute(
            "dns_domain", .dnsDomain, .column("dns_domain"), create: .anyone, default: "", filter: .equal
        ) { $0.floating.dnsDomain = $1.text },
        Attribute("port_details", .object, .lookup(otherwise: "null", ports)),
    ]

    @Sendable
    private static func ports(_ ids: [String], _ db: any Connection) throws -> [String: String] {
        var found: [String: String] = [:]
        try ManyRows.each(ids) { places, ids in
            try db.forEach(
                """
                SELECT floating_ips.id, ports.name, ports.network_id, mac_address, admin_state_up, status, device_id,
                    device_owner
                FROM floating_ips JOIN ports ON ports.id = port_id WHERE floating_ips.id IN (\(places))
                """,
                ids.map { .text($0) }
            ) { row in
                var writer = JSONWriter()
                writer.object { writer in
                    writer.field("name", row.text(1))
                    writer.field("network_id", row.text(2))
                    writer.field("mac_address", row.text(3))
                    writer.field("admin_state_up", row.integer(4) != 0)
                    writer.field("status", row.text(5))
                    writer.field("device_id", row.text(6))
                    writer.field("device_owner", row.text(7))
                }
                found[row.text(0)] = String(decoding: writer.bytes, as: UTF8.self)
            }
        }
        return found
    }
}
