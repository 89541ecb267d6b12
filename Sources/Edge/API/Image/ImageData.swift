import APIKit
import HTTPTypes
import Image
import Model
import Wire

/// `/images/{id}/file`, and the way of data by `/stage` and `/import`.
struct ImageDataAPI: Sendable {
    let image: ImageService

    var routes: [Route] {
        [
            Route(.put, "/images/{id}/stage", .member) { request in
                try Self.requireOctets(request)
                try await image.stage(request.id(), by: request.caller) { write in
                    try await request.forEachChunk(write)
                }
                return .noContent
            },
            Route(.post, "/images/{id}/import", .member) { request in
                try await Self.readImport(request)
                try await image.importStaged(request.id(), by: request.caller)
                return .accepted
            },
            Route(.put, "/images/{id}/file", .member) { request in
                try Self.requireOctets(request)
                try await image.upload(request.id(), by: request.caller) { write in
                    try await request.forEachChunk(write)
                }
                return .noContent
            },
            Route(.get, "/images/{id}/file", .reader) { request in
                let found = try await image.show(request.id(), by: request.caller)
                guard let size = found.size, size > 0 else { return .noContent }
                let next = try await image.content(of: found, for: request.caller)
                var response = APIResponse(.ok, body: .stream(length: size, next: next))
                response.headers[.contentType] = "application/octet-stream"
                if let checksum = found.checksum { response.headers[.named("Content-MD5")] = checksum }
                return response
            },
        ]
    }

    /// The ways of import that there are.
    static let importMethods = ["glance-direct"]

    private static func requireOctets(_ request: APIRequest) throws {
        guard request.headers[.contentType] == "application/octet-stream" else {
            throw CloudError(.unsupportedMedia, "Send image data as application/octet-stream.")
        }
    }

    /// Refuses a way that is not offered, and stores that are not there.
    private static func readImport(_ request: APIRequest) async throws {
        var fields = try Fields(try await request.json())
        var method = try fields.object("method")
        let name = try method.string("name")
        guard !["web-download", "copy-image", "glance-download"].contains(name) else {
            throw CloudError(.notImplemented, "The import method '\(name)' is not built yet in this cloud.")
        }
        guard importMethods.contains(name) else {
            throw CloudError.badRequest("Unknown import method name '\(name.prefix(80))'.")
        }
        try method.finish()
        for flag in ["all_stores", "all_stores_must_succeed"] {
            guard let value = fields.value(flag) else { continue }
            guard case .bool = value else { throw CloudError.badRequest("'\(flag)' must be boolean value only") }
        }
        if let unknown = try fields.strings("stores")?.first(where: { $0 != "file" }) {
            throw CloudError(.conflict, "Unknown scheme '\(unknown.prefix(80))' found in URI")
        }
        try fields.finish()
    }
}
