import APIKit
import HTTPTypes
import Image
import Model
import Wire

/// `/images/{id}/members`.
struct ImageMembersAPI: Sendable {
    let image: ImageService

    var routes: [Route] {
        let one = "/images/{id}/members/{member}"
        return [
            Route(.get, "/images/{id}/members", .reader) { request in
                let found = try await image.members(of: request.id(), by: request.caller)
                return .json { writer in
                    writer.array("members") { writer in
                        for member in found { writer.object { Self.write(member, to: &$0) } }
                    }
                    writer.field("schema", "/v2/schemas/members")
                }
            },
            Route(.get, one, .reader) { request in
                render(try await image.member(request.id("member"), of: request.id(), by: request.caller))
            },
            Route(.post, "/images/{id}/members", .member) { request in
                var fields = try Fields(try await request.json())
                let member = ProjectID(try fields.string("member", 1...255))
                try fields.finish()
                return render(try await image.share(request.id(), with: member, by: request.caller))
            },
            Route(.put, one, .member) { request in
                var fields = try Fields(try await request.json())
                let text = try fields.string("status")
                try fields.finish()
                guard let status = ImageMember.Status(rawValue: text) else {
                    throw CloudError.badRequest(
                        "Status must be \"pending\", \"accepted\" or \"rejected\" and is '\(text.prefix(40))'.")
                }
                return render(
                    try await image.answer(request.id(), for: request.id("member"), status, by: request.caller))
            },
            Route(.delete, one, .member) { request in
                try await image.unshare(request.id(), with: request.id("member"), by: request.caller)
                return .noContent
            },
        ]
    }

    private func render(_ member: ImageMember) -> APIResponse {
        .json { Self.write(member, to: &$0) }
    }

    private static func write(_ member: ImageMember, to writer: inout JSONWriter) {
        writer.field("image_id", member.imageID)
        writer.field("member_id", member.member)
        writer.field("status", member.status.rawValue)
        writer.field("created_at", member.createdAt.iso8601())
        writer.field("updated_at", member.updatedAt.iso8601())
        writer.field("schema", "/v2/schemas/member")
    }
}
