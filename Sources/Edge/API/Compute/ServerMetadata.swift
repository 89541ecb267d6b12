import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/metadata` and `/servers/{id}/tags`.
struct ServerMetadataAPI: Sendable {
    private static let limit = 128
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/servers/{id}/metadata", .reader) { request in
                try render(try await compute.server(request.id(), by: request.caller))
            },
            Route(.post, "/servers/{id}/metadata", .member) { try await change($0) { $0.merging($1) { $1 } } },
            Route(.put, "/servers/{id}/metadata", .member) { try await change($0) { $1 } },
            Route(.get, "/servers/{id}/metadata/{key}", .reader, handler: showItem),
            Route(.put, "/servers/{id}/metadata/{key}", .member, handler: setItem),
            Route(.delete, "/servers/{id}/metadata/{key}", .member, handler: removeItem),
        ]
    }

    private func render(_ server: Server) throws -> APIResponse {
        .json { $0.field("metadata", server.metadata) }
    }

    private func apply(
        _ request: APIRequest, _ change: @escaping @Sendable ([String: String]) throws -> [String: String]
    ) async throws -> Server {
        try await compute.update(request.id(), by: request.caller) { server in
            let changed = try change(try server.metadata.value())
            guard changed.count <= Self.limit else {
                throw CloudError(.overQuota, "Maximum number of metadata items exceeds \(Self.limit).")
            }
            server.metadata = try JSONText(changed)
        }
    }

    private func change(
        _ request: APIRequest, _ merge: @escaping @Sendable ([String: String], [String: String]) -> [String: String]
    ) async throws -> APIResponse {
        var outer = try Fields(try await request.json())
        guard let given = try outer.stringMap("metadata") else {
            throw CloudError.badRequest("Invalid input for field/attribute body. 'metadata' is a required property.")
        }
        try outer.finish()
        return try render(try await apply(request) { merge($0, given) })
    }

    private func missing(_ key: String) -> CloudError {
        CloudError(.notFound, "Metadata item was not found: \(key)")
    }

    private func showItem(_ request: APIRequest) async throws -> APIResponse {
        let key = request.parameter("key")
        let all = try await compute.server(request.id(), by: request.caller).metadata.value()
        guard let value = all[key] else { throw missing(key) }
        return item(key, value)
    }

    private func item(_ key: String, _ value: String) -> APIResponse {
        .json { writer in
            writer.object("meta") {
                $0.key(text: key)
                $0.value(value)
            }
        }
    }

    private func setItem(_ request: APIRequest) async throws -> APIResponse {
        let key = request.parameter("key")
        var outer = try Fields(try await request.json())
        let given = try outer.stringMap("meta") ?? [:]
        try outer.finish()
        guard given.count == 1, let value = given[key] else {
            throw CloudError.badRequest("Request body and URI mismatch: the body must hold '\(key.prefix(80))' alone.")
        }
        _ = try await apply(request) { $0.merging([key: value]) { $1 } }
        return item(key, value)
    }

    private func removeItem(_ request: APIRequest) async throws -> APIResponse {
        let key = request.parameter("key")
        let absent = missing(key)
        _ = try await apply(request) { all in
            var left = all
            guard left.removeValue(forKey: key) != nil else { throw absent }
            return left
        }
        return .noContent
    }
}

/// `/servers/{id}/tags`, from 2.26.
struct ServerTags: Sendable {
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
                let tags = try Self.check(try outer.strings("tags") ?? [])
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
