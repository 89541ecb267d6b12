import Model
import Wire

/// The members of an image that clients set; all others are properties.
enum ImageAttributes {
    static let readOnly: Set<String> = [
        "id", "owner", "status", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "created_at",
        "updated_at", "self", "file", "schema", "direct_url", "locations", "stores",
    ]
    static let names: Set<String> = readOnly.union([
        "name", "visibility", "protected", "os_hidden", "disk_format", "container_format", "min_disk", "min_ram",
        "tags",
    ])
    /// How many properties an image may have, and how many tags (Glance's defaults).
    private static let most = 128

    static func check(_ image: Model.Image) throws {
        for (noun, count) in [
            ("properties", try image.properties.value().count), ("tags", try image.tags.value().count),
        ] where count > most {
            throw CloudError(
                .tooLarge,
                "The limit has been exceeded on the number of allowed image \(noun). "
                    + "Attempted: \(count), Maximum: \(most)")
        }
    }

    static func set(
        _ name: String, to value: JSONValue, of image: inout Model.Image, _ properties: inout [String: String]
    ) throws {
        guard !readOnly.contains(name) else {
            throw CloudError(.forbidden, "Attribute '\(name)' is read-only.")
        }
        var fields = try Fields(.object([.init(key: name, value: value)]), at: "image")
        switch name {
        case "name": image.name = try fields.optionalString(name)
        case "visibility":
            let word = try fields.word(name, of: ["public", "private", "shared", "community"])
            image.visibility = word.flatMap(Model.Image.Visibility.init(rawValue:)) ?? image.visibility
        case "protected": image.isProtected = try fields.optionalBool(name) ?? false
        case "os_hidden": image.isHidden = try fields.optionalBool(name) ?? false
        case "disk_format": image.diskFormat = try fields.optionalString(name)
        case "container_format": image.containerFormat = try fields.optionalString(name)
        case "min_disk": image.minDisk = try fields.optionalInt(name, 0...Int(Int32.max)) ?? 0
        case "min_ram": image.minRAM = try fields.optionalInt(name, 0...Int(Int32.max)) ?? 0
        case "tags": image.tags = try JSONText(try fields.strings(name) ?? [])
        default:
            guard case .string(let text) = value, name.unicodeScalars.count <= 255, text.utf8.count <= 65_535 else {
                throw fields.invalid(name, value, "Properties are strings.")
            }
            properties[name] = text
        }
    }
}
