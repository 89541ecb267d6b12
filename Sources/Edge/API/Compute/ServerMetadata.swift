import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/metadata`.
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
        let given = try NovaText.metadata(try outer.requiredStringMap("metadata"))
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
        let given = try NovaText.metadata(try outer.requiredStringMap("meta"))
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
