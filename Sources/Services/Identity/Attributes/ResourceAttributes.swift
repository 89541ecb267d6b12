package import Attributes
package import Model
import Store
import Wire

package enum DomainAttributes {
    package static let table = AttributeTable<Domain>(
        "domain", "domains", table: "domains", wording: .identity,
        extras: StandardAttributes.extras(\.extra), attributes)

    private static let attributes: [Attribute<Domain>] =
        StandardAttributes.identity("domains") { $0.id.text } + [
            StandardAttributes.name(64, \.name),
            StandardAttributes.description(most: 255, \.description),
            StandardAttributes.enabled(\.enabled),
            StandardAttributes.tags(\.tags),
            StandardAttributes.options(\.options),
            Attribute("explicit_domain_id", explicitID, .nowhere, create: .anyone, shown: .never) {
                $0.id = DomainID($1.text)
            },
        ]

    private static let explicitID = AttributeType.checked(.identifier) { value throws(AttributeFault) in
        let digits = Set("0123456789abcdef")
        guard value.text.count == 32, value.text.allSatisfy({ digits.contains($0) }) else {
            throw AttributeFault("\(value.brief) is no UUID of hexadecimal digits without dashes")
        }
        return value
    }
}

/// Domains are projects too, of which `is_domain` is true.
package enum ProjectAttributes {
    package static let table = AttributeTable<Project>(
        "project", "projects", table: rows, wording: .identity, extras: StandardAttributes.extras(\.extra), attributes)

    private static let rows = """
        (SELECT id, name, domain_id, COALESCE(parent_id, domain_id) AS parent_id, description, enabled, 0 AS is_domain,
            tags, options, extra FROM projects
        UNION ALL SELECT id, name, NULL AS domain_id, NULL AS parent_id, description, enabled, 1 AS is_domain, tags,
            options, extra FROM domains) AS all_projects
        """

    private static let attributes: [Attribute<Project>] =
        StandardAttributes.identity("projects") { $0.id.text } + [
            StandardAttributes.name(64, \.name),
            StandardAttributes.domain(null: .absent),
            Attribute(
                "parent_id", .identifier, .column("parent_id"), create: .anyone, change: .anyone, null: .absent,
                filter: .equal),
            Attribute(
                "is_domain", .boolean, .column("is_domain"), create: .anyone, change: .anyone, default: false,
                filter: .equal),
            StandardAttributes.description(\.description),
            StandardAttributes.enabled(\.enabled),
            StandardAttributes.tags(\.tags),
            StandardAttributes.options(\.options),
        ]
}

package enum RoleAttributes {
    package static let table = AttributeTable<Role>(
        "role", "roles", table: "roles", wording: .identity, extras: StandardAttributes.extras(\.extra), attributes)

    private static let attributes: [Attribute<Role>] =
        StandardAttributes.identity("roles") { $0.id.text } + [
            StandardAttributes.name(255, column: Role.nameColumn, trims: false, \.name),
            StandardAttributes.domain(null: .absent),
            Attribute(
                "description", .text(0...255), .column("description"), create: .anyone, change: .anyone, null: .none
            ) { $0.description = $1.optionalText },
            StandardAttributes.options(\.options),
        ]
}
