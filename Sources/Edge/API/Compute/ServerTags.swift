import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/tags`, from 2.26.
struct ServerTagsAPI: Sendable {
    private static let limit = 50
    let compute: ComputeService

    var routes: [Route] {
        let versions = Microversion(2, 26)...Microversion(2, 9999)
        return [
            Route(.get, "/servers/{id}/tags", .reader, versions: versions) { request in
                let server = try await compute.server(request.id(), by: request.caller)
                return .json { $0.field("tags", server.tags) }
            },
            Route(.put, "/servers/{id}/tags", .member, versions: versions) { request in
                var outer = try Fields(try await request.json())
                let tags = try Self.check(try outer.requiredStrings("tags"))
                try outer.finish()
                let server = try await set(request) { _ in tags }
                return .json { $0.field("tags", server.tags) }
            },
            Route(.delete, "/servers/{id}/tags", .member, versions: versions) { request in
                _ = try await set(request) { _ in [] }
                return .noContent
            },
            Route(.get, "/servers/{id}/tags/{tag}", .reader, versions: versions) { request in
                let tags = try await compute.server(request.id(), by: request.caller).tags.value()
                guard tags.contains(request.parameter("tag")) else { throw absent(request) }
                return .noContent
            },
            Route(.put, "/servers/{id}/tags/{tag}", .member, versions: versions) { request in
                let added = try Self.check([request.parameter("tag")])
                try await request.refuseBody()
                let known = try await compute.server(request.id(), by: request.caller).tags.value()
                if known.contains(added) { return .noContent }
                _ = try await set(request) { tags in tags.filter { !added.contains($0) } + added }
                return APIResponse(.created).header(.location, request.rootURL + request.path)
            },
            Route(.delete, "/servers/{id}/tags/{tag}", .member, versions: versions) { request in
                let error = absent(request)
                let tag = request.parameter("tag")
                _ = try await set(request) { tags in
                    guard tags.contains(tag) else { throw error }
                    return tags.filter { $0 != tag }
                }
                return .noContent
            },
        ]
    }

    private func absent(_ request: APIRequest) -> CloudError {
        CloudError(.notFound, "Server \(request.parameter("id")) has no tag '\(request.parameter("tag"))'")
    }

    private func set(
        _ request: APIRequest, _ change: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> Server {
        try await compute.update(request.id(), by: request.caller) { server in
            let changed = try change(try server.tags.value())
            guard changed.count <= Self.limit else {
                throw CloudError.badRequest("The number of tags exceeded the per-server limit \(Self.limit)")
            }
            server.tags = try JSONText(changed)
        }
    }

    /// At most 50 tags of 1 to 60 characters without `/` and `,`.
    static func check(_ tags: [String]) throws -> [String] {
        for tag in tags where !(1...60).contains(tag.unicodeScalars.count) || tag.contains("/") || tag.contains(",") {
            throw CloudError.badRequest(
                "Invalid input for field/attribute tags. Value: '\(tag.prefix(80))'. "
                    + "Tags have 1 to 60 characters, no / or ,."
            )
        }
        guard tags.count <= limit else { throw CloudError.badRequest("A server has at most \(limit) tags.") }
        var seen: Set<String> = []
        return tags.filter { seen.insert($0).inserted }
    }
}
