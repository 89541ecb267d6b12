package import Attributes
package import Model
import Store
import Wire

package enum SubnetPoolAttributes {
    package static let table = AttributeTable<SubnetPool>(
        "subnetpool", "subnetpools", table: "subnetpools", wording: .network,
        visible: { SQLCondition("project_id = ? OR is_shared = 1", [.id($0)]) },
        StandardAttributes.identity { $0.projectID = $1 } + own + lengths
            + StandardAttributes.history { $0.tags = try JSONText($1.texts) })

    private static let own: [Attribute<SubnetPool>] = [
        Attribute(
            "name", .fullName, .column("name"), create: .anyone, change: .anyone, required: true, filter: .equal,
            sorts: true
        ) { $0.name = $1.text },
        StandardAttributes.description { $0.description = $1.text },
        Attribute(
            "prefixes", .prefixes, .column("prefixes"), create: .anyone, change: .anyone, required: true
        ) { $0.prefixes = try JSONText($1.texts) },
        Attribute("ip_version", .integer(4...6), .column("ip_version"), filter: .equal, sorts: true),
        Attribute(
            "default_quota", .length, .column("default_quota"), create: .anyone, change: .anyone, filter: .equal,
            sorts: true
        ) { $0.defaultQuota = $1.number },
        Attribute(
            "is_default", .boolean, .column("is_default"), create: .admin, change: .admin, default: false,
            filter: .equal, sorts: true
        ) { $0.isDefault = $1.flag },
        Attribute(
            "shared", .boolean, .column("is_shared"), create: .admin, default: false, filter: .equal, sorts: true
        ) { $0.isShared = $1.flag },
        Attribute(
            "address_scope_id", .uuid, .column("address_scope_id"), create: .anyone, change: .anyone, null: .none,
            filter: .equal, sorts: true
        ) { $0.addressScopeID = $1.optionalText.map { AddressScopeID($0) } },
    ]

    /// Numbers that Neutron shows as texts.
    private static let lengths: [Attribute<SubnetPool>] = [
        Attribute(
            "min_prefixlen", .length, .derived("min_prefixlen", shown), create: .anyone, change: .anyone,
            filter: .equal, sorts: true
        ) { $0.minPrefixLength = $1.number ?? 0 },
        Attribute(
            "max_prefixlen", .length, .derived("max_prefixlen", shown), create: .anyone, change: .anyone,
            filter: .equal, sorts: true
        ) { $0.maxPrefixLength = $1.number ?? 0 },
        Attribute(
            "default_prefixlen", .length, .derived("default_prefixlen", shown), create: .anyone, change: .anyone,
            filter: .equal, sorts: true
        ) { $0.defaultPrefixLength = $1.number ?? 0 },
    ]

    @Sendable
    private static func shown(_ number: String) -> String? { number }
}

package enum AddressScopeAttributes {
    package static let table = AttributeTable<AddressScope>(
        "address_scope", "address_scopes", table: "address_scopes", wording: .network,
        visible: { SQLCondition("project_id = ? OR is_shared = 1", [.id($0)]) },
        StandardAttributes.identity { $0.projectID = $1 } + [
            StandardAttributes.name { $0.name = $1.text },
            Attribute(
                "ip_version", .integer(4...6), .column("ip_version"), create: .anyone, required: true, filter: .equal,
                sorts: true
            ) { $0.ipVersion = $1.number ?? 0 },
            Attribute(
                "shared", .boolean, .column("is_shared"), create: .admin, change: .admin, default: false,
                filter: .equal, sorts: true
            ) { $0.isShared = $1.flag },
        ])
}

extension AttributeType {
    /// A name that is more than blanks.
    fileprivate static let fullName = AttributeType.checked(.text(1...255)) { value throws(AttributeFault) in
        guard value.text.contains(where: { !$0.isWhitespace }) else {
            throw AttributeFault("'\(value.text)' Blank strings are not permitted")
        }
        return value
    }

    fileprivate static let length = AttributeType.integer(0...Int(Int32.max))
}
