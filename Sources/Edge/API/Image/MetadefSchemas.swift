import APIKit
import HTTPTypes
import Model
import Wire

/// `/schemas/metadefs`: what the records of `/metadefs` look like; clients make their types of them.
struct MetadefSchemasAPI: Sendable {
    private static let all: [(name: String, plural: String, texts: [String])] = [
        (
            "namespace", "namespaces",
            [
                "namespace", "display_name", "description", "visibility", "owner", "created_at", "updated_at", "self",
                "schema",
            ]
        ),
        ("object", "objects", ["name", "description", "created_at", "updated_at", "self", "schema"]),
        ("property", "properties", ["name", "title", "description", "type"]),
        ("tag", "tags", ["name", "created_at", "updated_at"]),
        ("resource_type", "resource_types", ["name", "prefix", "properties_target", "created_at", "updated_at"]),
    ]

    var routes: [Route] {
        Self.all.flatMap { schema in
            [
                Route(.get, "/schemas/metadefs/\(schema.name)", .reader) { _ in
                    .json { Self.write(schema.name, schema.texts, to: &$0) }
                },
                Route(.get, "/schemas/metadefs/\(schema.plural)", .reader) { _ in
                    .json { writer in
                        writer.field("name", schema.plural)
                        writer.object("properties") { writer in
                            writer.key(text: schema.plural)
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
