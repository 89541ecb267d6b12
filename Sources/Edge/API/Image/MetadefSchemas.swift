import APIKit
import HTTPTypes
import Model
import Wire

/// `/schemas/metadefs`: what the records of `/metadefs` look like; clients make their types of them.
struct MetadefSchemasAPI: Sendable {
    /// `path` is where a schema is found, where that is not its name.
    private static let all: [(path: String?, name: String, texts: [String])] = [
        (
            nil, "namespace",
            [
                "namespace", "display_name", "description", "visibility", "owner", "created_at", "updated_at", "self",
                "schema",
            ]
        ),
        (nil, "object", ["name", "description", "created_at", "updated_at", "self", "schema"]),
        (nil, "property", ["name", "title", "description", "type"]),
        (nil, "tag", ["name", "created_at", "updated_at"]),
        (
            "resource_type", "resource_type_association",
            ["name", "prefix", "properties_target", "created_at", "updated_at"]
        ),
    ]

    var routes: [Route] {
        Self.all.flatMap { schema in
            let path = "/schemas/metadefs/\(schema.path ?? schema.name)"
            let plural = plural(of: schema.name)
            return [
                Route(.get, path, .reader) { _ in .json { Self.write(schema.name, schema.texts, to: &$0) } },
                Route(.get, self.plural(of: path), .reader) { _ in
                    .json { writer in
                        writer.field("name", plural)
                        writer.object("properties") { writer in
                            writer.key(text: plural)
                            writer.object { writer in
                                writer.field("type", "array")
                                writer.object("items") { Self.write(schema.name, schema.texts, to: &$0) }
                            }
                        }
                    }
                },
            ]
        }
    }

    private func plural(of name: String) -> String {
        name.hasSuffix("property") ? "\(name.dropLast())ies" : "\(name)s"
    }

    /// Members that are no texts are left to the reader: they may be anything.
    private static func write(_ name: String, _ texts: [String], to writer: inout JSONWriter) {
        writer.field("name", name)
        writer.object("properties") { writer in
            for text in texts {
                writer.key(text: text)
                writer.object { $0.field("type", "string") }
            }
            guard name == "namespace" else { return }
            writer.object("protected") { $0.field("type", "boolean") }
            for list in ["resource_type_associations", "objects", "tags"] {
                writer.key(text: list)
                writer.object { $0.field("type", "array") }
            }
            writer.object("properties") { $0.field("type", "object") }
        }
        writer.field("additionalProperties", true)
    }
}
