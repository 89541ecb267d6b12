package import Attributes
package import Model
import Store
import Wire

package enum SubnetAttributes {
    package static let table = AttributeTable<Subnet>(
        "subnet", "subnets", table: "subnets", wording: .network,
        visible: {
            SQLCondition(
                "network_id IN (SELECT id FROM networks WHERE project_id = ? OR is_shared = 1 OR is_external = 1)",
                [.id($0)])
        },
        StandardAttributes.identity { $0.projectID = $1 } + own + addresses + version6
            + StandardAttributes.history { $0.tags = try JSONText($1.texts) })

    private static let own: [Attribute<Subnet>] = [
        StandardAttributes.name { $0.name = $1.text },
        StandardAttributes.description { $0.description = $1.text },
        Attribute(
            "network_id", .uuid, .column("network_id"), create: .anyone, required: true, filter: .equal, sorts: true
        ) { $0.networkID = NetworkID($1.text) },
        Attribute(
            "ip_version", .integer(4...6), .column("ip_version"), create: .anyone, required: true, filter: .equal,
            sorts: true
        ) { $0.ipVersion = $1.number ?? 0 },
        Attribute(
            "enable_dhcp", .boolean, .column("enable_dhcp"), create: .anyone, change: .anyone, default: true,
            filter: .equal, sorts: true
        ) { $0.enableDHCP = $1.flag },
        ofNetwork("shared", "is_shared"),
        ofNetwork("router:external", "is_external"),
    ]

    /// What the subnet's network is, to filter by.
    private static func ofNetwork(_ name: String, _ column: String) -> Attribute<Subnet> {
        let source = "(SELECT \(column) FROM networks WHERE networks.id = network_id)"
        return Attribute(name, .boolean, .column(source), shown: .never, filter: .equal)
    }

    private static let addresses: [Attribute<Subnet>] = [
        Attribute(
            "cidr", .cidr, .column("cidr"), create: .anyone, filter: .equal, sorts: true
        ) { $0.cidr = $1.text },
        // Without one, the subnet's first address is the gateway's; null asks for none.
        Attribute(
            "gateway_ip", .address, .column("gateway_ip"), create: .anyone, change: .anyone, null: .none,
            filter: .equal, sorts: true
        ) { $0.gatewayIP = $1.optionalText },
        Attribute(
            "allocation_pools", .pools, .column("allocation_pools"), create: .anyone, change: .anyone
        ) { $0.allocationPools = try JSONText($1.records(AddressRange.self)) },
        Attribute(
            "dns_nameservers", .addresses, .column("dns_nameservers"), create: .anyone, change: .anyone,
            default: .array([]), null: .same(as: .array([]))
        ) { $0.dnsNameservers = try JSONText($1.texts) },
        Attribute(
            "host_routes", .routes, .column("host_routes"), create: .anyone, change: .anyone, default: .array([]),
            null: .same(as: .array([]))
        ) { $0.hostRoutes = try JSONText($1.records(SubnetRoute.self)) },
        Attribute(
            "subnetpool_id",
            .checked(.text(0...64)) { value throws(AttributeFault) in
                throw AttributeFault("Subnet pool \(value.text) could not be found")
            }, .constant("null"), create: .anyone, null: .absent),
        Attribute(
            "prefixlen",
            .checked(.integer(0...128)) { _ throws(AttributeFault) in
                throw AttributeFault("a prefixlen is taken from a subnet pool, and there is none; give the cidr")
            }, .nowhere, create: .anyone, null: .absent, shown: .never),
    ]

    private static let version6: [Attribute<Subnet>] = ["ipv6_ra_mode", "ipv6_address_mode"].map { name in
        Attribute(
            name, .word(["dhcpv6-stateful", "dhcpv6-stateless", "slaac"]), .column(name), create: .anyone, null: .none,
            filter: .equal, sorts: true
        ) { subnet, value in
            if name == "ipv6_ra_mode" {
                subnet.ipv6RAMode = value.optionalText
            } else {
                subnet.ipv6AddressMode = value.optionalText
            }
        }
    }
}
