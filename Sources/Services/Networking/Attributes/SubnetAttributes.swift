package import Attributes
package import Model
import Store
import Wire

/// What a body says of a subnet.
package struct SubnetDraft: Sendable {
    package var subnet: Subnet
    /// Of the prefix that its pool gives.
    package var prefixLength: Int?
    package var usesDefaultPool = false

    package init(_ subnet: Subnet) {
        self.subnet = subnet
    }
}

package enum SubnetAttributes {
    package static let table = AttributeTable<SubnetDraft>(
        "subnet", "subnets", table: "subnets", wording: .network,
        visible: {
            SQLCondition(
                "network_id IN (SELECT id FROM networks WHERE project_id = ? OR is_shared = 1 OR is_external = 1)",
                [.id($0)])
        },
        StandardAttributes.identity { $0.subnet.projectID = $1 } + own + addresses + version6
            + StandardAttributes.history { $0.subnet.tags = try JSONText($1.texts) })

    private static let own: [Attribute<SubnetDraft>] = [
        StandardAttributes.name { $0.subnet.name = $1.text },
        StandardAttributes.description { $0.subnet.description = $1.text },
        Attribute(
            "network_id", .uuid, .column("network_id"), create: .anyone, required: true, filter: .equal, sorts: true
        ) { $0.subnet.networkID = NetworkID($1.text) },
        Attribute(
            "ip_version", .integer(4...6), .column("ip_version"), create: .anyone, required: true, filter: .equal,
            sorts: true
        ) { $0.subnet.ipVersion = $1.number ?? 0 },
        Attribute(
            "enable_dhcp", .boolean, .column("enable_dhcp"), create: .anyone, change: .anyone, default: true,
            filter: .equal, sorts: true
        ) { $0.subnet.enableDHCP = $1.flag },
        ofNetwork("shared", "is_shared"),
        ofNetwork("router:external", "is_external"),
    ]

    /// What the subnet's network is, to filter by.
    private static func ofNetwork(_ name: String, _ column: String) -> Attribute<SubnetDraft> {
        let source = "(SELECT \(column) FROM networks WHERE networks.id = network_id)"
        return Attribute(name, .boolean, .column(source), shown: .never, filter: .equal)
    }

    private static let addresses: [Attribute<SubnetDraft>] = [
        Attribute(
            "cidr", .cidr, .column("cidr"), create: .anyone, filter: .equal, sorts: true
        ) { $0.subnet.cidr = $1.text },
        // Without one, the subnet's first address is the gateway's; null asks for none.
        Attribute(
            "gateway_ip", .address, .column("gateway_ip"), create: .anyone, change: .anyone, null: .none,
            filter: .equal, sorts: true
        ) { $0.subnet.gatewayIP = $1.optionalText },
        Attribute(
            "allocation_pools", .pools, .column("allocation_pools"), create: .anyone, change: .anyone
        ) { $0.subnet.allocationPools = try JSONText($1.records(AddressRange.self)) },
        Attribute(
            "dns_nameservers", .addresses, .column("dns_nameservers"), create: .anyone, change: .anyone,
            default: .array([]), null: .same(as: .array([]))
        ) { $0.subnet.dnsNameservers = try JSONText($1.texts) },
        Attribute(
            "host_routes", .routes, .column("host_routes"), create: .anyone, change: .anyone, default: .array([]),
            null: .same(as: .array([]))
        ) { $0.subnet.hostRoutes = try JSONText($1.records(SubnetRoute.self)) },
        Attribute(
            "subnetpool_id", .text(0...64), .column("subnetpool_id"), create: .anyone, null: .absent, filter: .equal,
            sorts: true
        ) { $0.subnet.subnetPoolID = SubnetPoolID($1.text) },
        Attribute(
            "prefixlen", .integer(0...Int(Int32.max)), .nowhere, create: .anyone, shown: .never
        ) { $0.prefixLength = $1.number },
        Attribute(
            "use_default_subnetpool", .boolean, .nowhere, create: .anyone, default: false, shown: .never
        ) { $0.usesDefaultPool = $1.flag },
    ]

    private static let version6: [Attribute<SubnetDraft>] = ["ipv6_ra_mode", "ipv6_address_mode"].map { name in
        Attribute(
            name, .word(["dhcpv6-stateful", "dhcpv6-stateless", "slaac"]), .column(name), create: .anyone, null: .none,
            filter: .equal, sorts: true
        ) { draft, value in
            if name == "ipv6_ra_mode" {
                draft.subnet.ipv6RAMode = value.optionalText
            } else {
                draft.subnet.ipv6AddressMode = value.optionalText
            }
        }
    }
}
