package import Attributes
package import Model
import Store
import Wire

package enum NetworkAttributes {
    package static let table = AttributeTable<Network>(
        "network", "networks", table: "networks", wording: .network,
        visible: { SQLCondition("project_id = ? OR is_shared = 1 OR is_external = 1", [.id($0)]) },
        StandardAttributes.identity { $0.projectID = $1 } + own + provider
            + StandardAttributes.zones { $0.availabilityZoneHints = try JSONText($1.texts) }
            + StandardAttributes.history { $0.tags = try JSONText($1.texts) })

    private static let own: [Attribute<Network>] = [
        StandardAttributes.name { $0.name = $1.text },
        StandardAttributes.description { $0.description = $1.text },
        StandardAttributes.adminStateUp { $0.adminStateUp = $1.flag },
        Attribute("status", .text(0...16), .column("'ACTIVE'"), filter: .equal),
        Attribute(
            "shared", .boolean, .column("is_shared"), create: .admin, change: .admin, default: false, filter: .equal
        ) { $0.isShared = $1.flag },
        Attribute(
            "router:external", .boolean, .column("is_external"), create: .admin, change: .admin, default: false,
            filter: .equal
        ) { $0.isExternal = $1.flag },
        Attribute(
            "is_default", .boolean, .column("is_default"), create: .admin, change: .admin, default: false,
            filter: .equal
        ) { $0.isDefault = $1.flag },
        Attribute(
            "port_security_enabled", .boolean, .column("port_security_enabled"), create: .anyone, change: .anyone,
            default: true
        ) { $0.portSecurityEnabled = $1.flag },
        // 0 asks for the usual one; less than 68 carries no IPv4 (RFC 791).
        Attribute(
            "mtu",
            .checked(.integer(0...9216)) { value throws(AttributeFault) in
                guard let number = value.number, number == 0 || number >= 68 else {
                    throw AttributeFault("'\(value.number ?? 0)' is less than 68")
                }
                return value
            }, .column("mtu"), create: .anyone, change: .anyone, filter: .equal, sorts: true
        ) { $0.mtu = $1.number.flatMap { $0 == 0 ? nil : $0 } ?? 1500 },
        Attribute(
            "dns_domain", .dnsDomain, .column("dns_domain"), create: .anyone, change: .anyone, default: "",
            filter: .equal, sorts: true
        ) { $0.dnsDomain = $1.text },
        Attribute("subnets", .list(of: .uuid), .lookup(otherwise: "[]", subnets)),
        Attribute("ipv4_address_scope", .uuid, .lookup(otherwise: "null") { try scopes($0, 4, $1) }),
        Attribute("ipv6_address_scope", .uuid, .lookup(otherwise: "null") { try scopes($0, 6, $1) }),
    ]

    private static let provider: [Attribute<Network>] = [
        Attribute(
            "provider:network_type",
            .checked(.text(0...32)) { value throws(AttributeFault) in
                guard value.text == "vxlan" else {
                    throw AttributeFault("network_type value '\(value.text)' not supported; networks here are vxlan")
                }
                return value
            }, .column("'vxlan'"), create: .admin, shown: .toAdmins, filter: .equal),
        Attribute(
            "provider:physical_network",
            .checked(.text(0...64)) { value throws(AttributeFault) in
                throw AttributeFault(
                    "provider:physical_network '\(value.text)' specified for vxlan network, which has none")
            }, .constant("null"), create: .admin, null: .absent, shown: .toAdmins),
        Attribute(
            "provider:segmentation_id", .integer(1...16_777_215), .column("segmentation_id"), create: .admin,
            null: .absent, shown: .toAdmins, filter: .equal
        ) { $0.segmentationID = $1.number ?? 0 },
    ]

    @Sendable
    private static func subnets(_ ids: [String], _ db: any Connection) throws -> [String: String] {
        var lists: [String: String] = [:]
        try ManyRows.each(ids) { places, ids in
            try db.forEach(
                "SELECT network_id, id FROM subnets WHERE network_id IN (\(places)) ORDER BY created_at, id",
                ids.map { .text($0) }
            ) { row in
                lists[row.text(0), default: ""] += (lists[row.text(0)] == nil ? "\"" : ",\"") + row.text(1) + "\""
            }
        }
        return lists.mapValues { "[\($0)]" }
    }

    private static func scopes(_ ids: [String], _ version: Int, _ db: any Connection) throws -> [String: String] {
        var found: [String: String] = [:]
        try ManyRows.each(ids) { places, ids in
            try db.forEach(
                """
                SELECT network_id, address_scope_id FROM subnets JOIN subnetpools ON subnetpools.id = subnetpool_id
                WHERE address_scope_id IS NOT NULL AND subnets.ip_version = \(version) AND network_id IN (\(places))
                """,
                ids.map { .text($0) }
            ) { row in found[row.text(0)] = "\"\(row.text(1))\"" }
        }
        return found
    }
}
