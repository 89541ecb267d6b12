import APIKit
import HTTPTypes
import Image
import Model
import Wire

/// `/images/{id}/file`.
struct ImageDataAPI: Sendable {
    let image: ImageService

    var routes: [Route] {
        [
            Route(.put, "/images/{id}/file", .member) { request in
                guard request.headers[.contentType] == "application/octet-stream" else {
                    throw CloudError(.unsupportedMedia, "Send image data as application/octet-stream.")
                }
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
}
