package import Attributes
package import Model
import Store
import Wire

package enum ImageAttributes {
    package static let containerFormats = ["bare"]
    package static let visibilities = ["community", "public", "private", "shared"]
    /// How many properties an image may have, and how many tags (Glance's defaults).
    private static let most = 128

    /// Rows are those that a caller lists: its own, public ones, and those shared with it that it has accepted.
    package static let table = AttributeTable<Image>(
        "image", "images", table: "images", wording: .image,
        extras: Extras(column: "properties", check: property) { image, name, value in
            var properties = try image.properties.value()
            properties[name] = value.text
            image.properties = try JSONText(properties)
        },
        visible: { project in
            SQLCondition(
                """
                project_id = ? OR visibility = 'public' OR visibility = 'shared' AND id IN
                    (SELECT image_id FROM image_members WHERE member = ? AND status = 'accepted')
                """, [.id(project), .id(project)])
        },
        own + data + addresses)

    private static let own: [Attribute<Image>] = [
        Attribute("id", .uuid, .column("id"), create: .anyone, filter: .equal, sorts: true) {
            $0.id = ImageID($1.text)
        },
        Attribute(
            "name", .text(0...255), .column("name"), create: .anyone, change: .anyone, null: .none, filter: .equal,
            sorts: true
        ) { $0.name = $1.optionalText },
        Attribute(
            "status", .word(statuses), .column("CASE WHEN is_staged = 1 THEN 'uploading' ELSE status END"),
            filter: .equal, sorts: true),
        Attribute(
            "visibility", .word(visibilities), .column("visibility"), create: .anyone, change: .anyone,
            default: "shared", filter: .equal
        ) { $0.visibility = Image.Visibility(rawValue: $1.text) ?? $0.visibility },
        Attribute(
            "protected", .boolean, .column("is_protected"), create: .anyone, change: .anyone, default: false,
            filter: .equal
        ) { $0.isProtected = $1.flag },
        Attribute(
            "os_hidden", .boolean, .column("is_hidden"), create: .anyone, change: .anyone, default: false,
            filter: .equal
        ) { $0.isHidden = $1.flag },
        Attribute(
            "owner", .text(1...255), .column("project_id"), create: .anyone, change: .admin, null: .absent,
            filter: .equal
        ) { $0.projectID = ProjectID($1.text) },
        Attribute(
            "disk_format", .word(DiskFormat.allCases.map(\.rawValue)), .column("disk_format"), create: .anyone,
            change: .anyone, null: .none, filter: .equal, sorts: true
        ) { $0.diskFormat = $1.optionalText },
        Attribute(
            "container_format", .word(containerFormats), .column("container_format"), create: .anyone,
            change: .anyone, null: .none, filter: .equal, sorts: true
        ) { $0.containerFormat = $1.optionalText },
        Attribute(
            "min_disk", .integer(0...Int(Int32.max)), .column("min_disk"), create: .anyone, change: .anyone,
            default: 0, filter: .equal
        ) { $0.minDisk = $1.number ?? 0 },
        Attribute(
            "min_ram", .integer(0...Int(Int32.max)), .column("min_ram"), create: .anyone, change: .anyone, default: 0,
            filter: .equal
        ) { $0.minRAM = $1.number ?? 0 },
        Attribute(
            "tags", tags, .column("tags"), create: .anyone, change: .anyone, default: .array([])
        ) { $0.tags = try JSONText($1.texts) },
    ]

    private static let statuses = [
        "queued", "saving", "active", "killed", "deleted", "uploading", "importing", "deactivated",
    ]

    private static let data: [Attribute<Image>] = [
        Attribute("size", .integer(0...Int.max), .column("size"), filter: .equal, sorts: true),
        Attribute("virtual_size", .integer(0...Int.max), .column("virtual_size"), filter: .equal),
        Attribute("checksum", .text(0...32), ofImported("checksum"), filter: .equal),
        Attribute("os_hash_algo", .text(0...64), ofImported("'sha512'"), filter: .equal),
        Attribute("os_hash_value", .text(0...128), ofImported("sha512"), filter: .equal),
        Attribute("created_at", .time, .column("created_at"), sorts: true),
        Attribute("updated_at", .time, .column("updated_at"), sorts: true),
    ]

    /// What is known of data, and told of it once it is the image's.
    private static func ofImported(_ column: String) -> AttributeSource {
        .column("CASE WHEN is_staged = 1 OR sha512 IS NULL THEN NULL ELSE \(column) END")
    }

    private static let addresses: [Attribute<Image>] = [
        Attribute("self", .text(0...255), .derived("id") { "/v2/images/\($0)" }),
        Attribute("file", .text(0...255), .derived("id") { "/v2/images/\($0)/file" }),
        Attribute("schema", .text(0...255), .constant("\"/v2/schemas/image\"")),
        Attribute("direct_url", .text(0...255), .nowhere),
        Attribute("locations", .list(of: .object), .nowhere, shown: .never),
        Attribute("stores", .text(0...255), ofImported("'file'"), shown: .whereSet),
    ]

    private static let tags = AttributeType.checked(.list(of: .text(0...255))) { value throws(AttributeFault) in
        .array(Array(Set(value.texts)).sorted().map { .string($0) })
    }

    @Sendable
    private static func property(_ name: String, _ value: JSONValue) throws(AttributeFault) -> JSONValue {
        guard (1...255).contains(name.unicodeScalars.count), !name.contains("/"), !name.contains("~") else {
            throw AttributeFault("'\(name.prefix(80))' is no name of a property: 1 to 255 characters without / and ~")
        }
        guard let text = value.optionalText, text.utf8.count <= 65_535 else {
            throw AttributeFault("\(value.brief) is not of type 'string'")
        }
        return .string(text)
    }

    /// Refuses more than Glance holds.
    package static func check(_ image: Image) throws {
        for (noun, count) in [
            ("properties", try image.properties.value().count), ("tags", try image.tags.value().count),
        ] where count > most {
            throw CloudError(
                .tooLarge,
                "The limit has been exceeded on the number of allowed image \(noun). "
                    + "Attempted: \(count), Maximum: \(most)")
        }
    }
}
