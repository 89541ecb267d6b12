import APIKit
import Attributes
import HTTPTypes
import Image
import Model
import Wire

/// `/images`.
struct ImagesAPI: Sendable {
    let image: ImageService

    var routes: [Route] {
        [
            Route(.get, "/images", .reader, handler: list),
            Route(.post, "/images", .member, handler: create),
            Route(.get, "/images/{id}", .reader) { request in try await answer(request.id(), request) },
            Route(.patch, "/images/{id}", .member) { request in
                let edit = try await ImagePatch.read(request)
                _ = try await image.update(request.id(), by: request.caller, edit)
                return try await answer(request.id(), request)
            },
            Route(.delete, "/images/{id}", .member) { request in
                try await image.delete(request.id(), by: request.caller)
                return .noContent
            },
        ] + tagRoutes + actionRoutes + infoRoutes
    }

    private var tagRoutes: [Route] {
        [
            Route(.put, "/images/{id}/tags/{tag}", .member) { request in
                let tag = request.parameter("tag")
                guard (1...255).contains(tag.unicodeScalars.count) else {
                    throw CloudError.badRequest("Invalid image tag '\(tag.prefix(80))': it has 1 to 255 characters.")
                }
                return try await retag(request) { $0.contains(tag) ? $0 : $0 + [tag] }
            },
            Route(.delete, "/images/{id}/tags/{tag}", .member) { request in
                let tag = request.parameter("tag")
                return try await retag(request) { tags in
                    guard tags.contains(tag) else { throw CloudError(.notFound, "The image has no tag '\(tag)'.") }
                    return tags.filter { $0 != tag }
                }
            },
        ]
    }

    private var actionRoutes: [Route] {
        [
            Route(.post, "/images/{id}/actions/deactivate", .member) { request in
                try await image.setActive(false, request.id(), by: request.caller)
                return .noContent
            },
            Route(.post, "/images/{id}/actions/reactivate", .member) { request in
                try await image.setActive(true, request.id(), by: request.caller)
                return .noContent
            },
        ]
    }

    private var infoRoutes: [Route] {
        [
            Route(.get, "/info/import", .reader) { _ in
                .json { writer in
                    writer.object("import-methods") { writer in
                        writer.field("description", "Import methods available.")
                        writer.field("type", "array")
                        writer.field("value", strings: ImageDataAPI.importMethods)
                    }
                }
            },
            Route(.get, "/info/stores", .reader) { _ in
                .json { writer in
                    writer.array("stores") { writer in
                        writer.object {
                            $0.field("id", "file")
                            $0.field("default", "true")
                        }
                    }
                }
            },
        ]
    }

    @Sendable
    private func list(_ request: APIRequest) async throws -> APIResponse {
        let query = try ImageListQuery.read(request.listParameters, by: request.caller)
        return try await image.list(query, by: request.caller) { rows in
            try .json(reserving: 32_768) { writer in
                var found = Listing()
                try writer.array("images") { if query.limit != 0 { found = try rows(&$0) } }
                writer.field("first", Self.page(request, after: nil))
                if found.count == query.limit, let last = found.last {
                    writer.field("next", Self.page(request, after: last))
                }
                writer.field("schema", "/v2/schemas/images")
            }
        }
    }

    /// The address of a page of the list that was asked for.
    private static func page(_ request: APIRequest, after marker: String?) -> String {
        let query = request.queryParameters.text("marker", becomes: marker)
        return query.isEmpty ? "/v2/images" : "/v2/images?\(query)"
    }

    @Sendable
    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.json()
        if case .object(let members) = body { try ImagePatch.refuseReserved(members.map(\.key)) }
        let wishes = try ImageAttributes.table.wishes(body, at: .creation, by: request.caller)
        let now = image.clock.now()
        let owner = try wishes["owner"]?.optionalText.map { ProjectID($0) } ?? request.caller.project()
        guard request.caller.owns(owner) else {
            throw CloudError(.forbidden, "You are not permitted to create images owned by '\(owner)'.")
        }
        var made = Model.Image(
            id: .random(), projectID: owner, properties: try JSONText([:]), tags: try JSONText([]), createdAt: now,
            updatedAt: now)
        try wishes.apply(to: &made)
        let created = try await image.create(made, by: request.caller)
        return try await answer(created.id, request, .created).header(
            .location, "\(request.baseURL)/images/\(created.id)"
        ).header(.named("OpenStack-image-import-methods"), ImageDataAPI.importMethods.joined(separator: ","))
    }

    private func retag(
        _ request: APIRequest, _ change: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> APIResponse {
        _ = try await image.update(request.id(), by: request.caller) { image in
            image.tags = try JSONText(try change(try image.tags.value()))
        }
        return .noContent
    }

    private func answer(
        _ id: ImageID, _ request: APIRequest, _ status: HTTPResponse.Status = .ok
    ) async throws -> APIResponse {
        let row = try await image.row(id, by: request.caller)
        return APIResponse(status, headers: [.contentType: "application/json"], body: .bytes(row))
    }
}
