import APIKit
import Attributes
import HTTPTypes
import Image
import Model
import Wire

/// `/schemas`: what images and their members look like.
struct ImageSchemasAPI: Sendable {
    var routes: [Route] {
        [
            Route(.get, "/schemas/image", .reader) { _ in
                var writer = JSONWriter(reserving: 4096)
                ImageAttributes.table.writeSchema(to: &writer)
                return Self.answer(writer)
            },
            Route(.get, "/schemas/images", .reader) { _ in
                Self.list("images") { ImageAttributes.table.writeSchema(to: &$0) }
            },
            Route(.get, "/schemas/member", .reader) { _ in
                var writer = JSONWriter()
                Self.member(&writer)
                return Self.answer(writer)
            },
            Route(.get, "/schemas/members", .reader) { _ in Self.list("members", Self.member) },
        ]
    }

    private static func answer(_ writer: borrowing JSONWriter) -> APIResponse {
        APIResponse(.ok, headers: [.contentType: "application/json"], body: .bytes(writer.bytes))
    }

    private static func list(_ name: StaticString, _ item: (inout JSONWriter) -> Void) -> APIResponse {
        .json { writer in
            writer.field("name", "\(name)")
            writer.object("properties") { writer in
                writer.object(name) { writer in
                    writer.field("type", "array")
                    writer.key("items")
                    item(&writer)
                }
                for link in ["first", "next", "schema"] {
                    writer.key(text: link)
                    writer.object { $0.field("type", "string") }
                }
            }
            writer.array("links") { writer in
                for link in ["first", "next"] {
                    writer.object {
                        $0.field("rel", link)
                        $0.field("href", "{\(link)}")
                    }
                }
                writer.object {
                    $0.field("rel", "describedby")
                    $0.field("href", "{schema}")
                }
            }
        }
    }

    private static func member(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("name", "member")
            writer.object("properties") { writer in
                for name in ["created_at", "image_id", "member_id", "updated_at", "schema"] {
                    writer.key(text: name)
                    writer.object { writer in
                        writer.field("type", "string")
                        if name != "member_id" { writer.field("readOnly", true) }
                    }
                }
                writer.object("status") { writer in
                    writer.field("type", "string")
                    writer.field("enum", strings: ImageMember.Status.allCases.map(\.rawValue))
                }
            }
        }
    }
}
