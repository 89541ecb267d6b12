package import Attributes
package import Model
import Wire

package enum ServiceAttributes {
    package static let table = AttributeTable<CatalogService>(
        "service", "services", table: "catalog_services", wording: .identity,
        extras: StandardAttributes.extras(\.extra), attributes)

    private static let attributes: [Attribute<CatalogService>] =
        StandardAttributes.identity("services") { $0.id.text } + [
            Attribute(
                "type", .text(1...255), .column("type"), create: .anyone, change: .anyone, required: true,
                filter: .equal, sorts: true
            ) { $0.type = $1.text },
            Attribute(
                "name", .text(1...255), .column("name"), create: .anyone, change: .anyone, filter: .equal
            ) { $0.name = $1.text },
            StandardAttributes.description(\.description),
            StandardAttributes.enabled(\.enabled),
        ]
}

package enum EndpointAttributes {
    package static let table = AttributeTable<Endpoint>(
        "endpoint", "endpoints", table: "endpoints", wording: .identity,
        extras: StandardAttributes.extras(
            \.extra, ["name": .text(0...255), "description": .text(0...65_535)]),
        attributes)

    private static let region = "NULLIF(region_id, '')"

    private static let attributes: [Attribute<Endpoint>] =
        StandardAttributes.identity("endpoints") { $0.id.text } + [
            Attribute(
                "service_id", .text(1...64), .column("service_id"), create: .anyone, change: .anyone, required: true,
                filter: .equal
            ) { $0.serviceID = CatalogServiceID($1.text) },
            Attribute(
                "interface", .word(["admin", "internal", "public"]), .column("interface"), create: .anyone,
                change: .anyone, required: true, filter: .equal
            ) { $0.interface = $1.text },
            Attribute("url", url, .address("url"), create: .anyone, change: .anyone, required: true) {
                $0.url = $1.text
            },
            Attribute(
                "region", .text(1...255), .column(region), create: .anyone, change: .anyone, null: .none,
                filter: .equal
            ) { $0.regionID = $1.optionalText ?? "" },
            // It stands behind `region`, its older name, so that it decides where a body has both.
            Attribute(
                "region_id", .text(1...255), .column(region), create: .anyone, change: .anyone, null: .none,
                filter: .equal
            ) { $0.regionID = $1.optionalText ?? "" },
            StandardAttributes.enabled(\.enabled),
        ]

    private static let url = AttributeType.checked(.text(0...225)) { value throws(AttributeFault) in
        let scheme = value.text.prefix { $0 != ":" }
        let isScheme = scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0)) }
        guard !scheme.isEmpty, isScheme, value.text.count > scheme.count + 1 else {
            throw AttributeFault("\(value.brief) does not match '^[a-zA-Z0-9+.-]+:.+'")
        }
        return value
    }
}

package enum RegionAttributes {
    package static let table = AttributeTable<Region>(
        "region", "regions", table: "regions", wording: .identity, extras: StandardAttributes.extras(\.extra),
        attributes)

    private static let attributes: [Attribute<Region>] = [
        Attribute("id", .text(0...255), .column("id"), create: .anyone, change: .anyone, null: .absent) {
            region, value in
            guard region.id.isEmpty || region.id == value.text else { throw CloudError.badRequest("Cannot change ID") }
            region.id = value.text
        },
        Attribute("links", .object, .link("regions")),
        StandardAttributes.description(most: 255, \.description),
        Attribute(
            "parent_region_id", .text(1...255), .column("parent_region_id"), create: .anyone, change: .anyone,
            null: .none, filter: .equal
        ) { $0.parentID = $1.optionalText },
    ]
}
