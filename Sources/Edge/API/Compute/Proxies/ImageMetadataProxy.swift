import APIKit
import Attributes
import Compute
import HTTPTypes
import Image
import Model
import Wire

/// `/images/{id}/metadata`: the properties of Glance's images, until 2.38.
struct ImageMetadataProxyAPI: Sendable {
    private typealias Properties = [String: String]

    let image: ImageService
    let compute: ComputeService

    private static let versions = Microversion(2, 1)...Microversion(2, 38)

    var routes: [Route] {
        let (all, one) = ("/images/{image_id}/metadata", "/images/{image_id}/metadata/{key}")
        return [
            Route(.get, all, .reader, versions: Self.versions) { request in
                Self.answer(try await properties(request))
            },
            Route(.post, all, .member, versions: Self.versions) { request in
                Self.answer(try await change(request) { $0.merging($1) { $1 } })
            },
            Route(.put, all, .member, versions: Self.versions) { request in
                Self.answer(try await change(request) { $1 })
            },
            Route(.get, one, .reader, versions: Self.versions, handler: showItem),
            Route(.put, one, .member, versions: Self.versions, handler: setItem),
            Route(.delete, one, .member, versions: Self.versions, handler: removeItem),
        ]
    }

    private func properties(_ request: APIRequest) async throws -> Properties {
        do {
            return try await image.show(request.id("image_id"), by: request.caller).properties.value()
        } catch let error as CloudError where error.kind == .notFound {
            throw ImageProxyAPI.notFound
        }
    }

    private static func answer(_ properties: Properties) -> APIResponse {
        .json { writer in
            writer.object("metadata") { ImageProxyAPI.write(properties, to: &$0) }
        }
    }

    private static func item(_ key: String, _ value: String) -> APIResponse {
        .json { writer in
            writer.object("meta") { ImageProxyAPI.write([key: value], to: &$0) }
        }
    }

    /// Nova counts an image's properties as it counts a server's metadata.
    private func apply(
        _ request: APIRequest, limit: Int, _ change: @escaping @Sendable (Properties) throws -> Properties
    ) async throws -> Properties {
        let id: ImageID = request.id("image_id")
        do {
            return try await image.update(id, by: request.caller) { image in
                let changed = try change(try image.properties.value())
                guard limit < 0 || changed.count <= limit else {
                    throw CloudError(.overQuota, "Image metadata limit exceeded")
                }
                image.properties = try JSONText(changed)
            }.properties.value()
        } catch let error as CloudError where error.kind == .notFound {
            throw ImageProxyAPI.notFound
        } catch let error as CloudError where error.kind == .forbidden {
            throw CloudError(.forbidden, "Not authorized for image \(id).", cause: error)
        }
    }

    private func limit(_ request: APIRequest) async throws -> Int {
        try await compute.quotas(of: try request.caller.project()).first { $0.resource == "metadata_items" }?.limit
            ?? Quota.unlimited
    }

    private func change(
        _ request: APIRequest, _ merge: @escaping @Sendable (Properties, Properties) -> Properties
    ) async throws -> Properties {
        let given = try await given(request, "metadata")
        return try await apply(request, limit: try await limit(request)) { merge($0, given) }
    }

    /// Names that are attributes of images, or Glance's own, are no metadata.
    private func given(_ request: APIRequest, _ name: String) async throws -> Properties {
        var outer = try Fields(try await request.json())
        let given = try NovaText.metadata(try outer.requiredStringMap(name))
        try outer.finish()
        try ImagePatch.refuseReserved(Array(given.keys))
        if let own = given.keys.sorted().first(where: { ImageAttributes.table.attribute($0) != nil }) {
            throw CloudError.badRequest("'\(own)' is an attribute of images, not metadata: change it in Image.")
        }
        return given
    }

    private func showItem(_ request: APIRequest) async throws -> APIResponse {
        let key = request.parameter("key")
        guard let value = try await properties(request)[key] else {
            throw CloudError(.notFound, "The resource could not be found.")
        }
        return Self.item(key, value)
    }

    private func setItem(_ request: APIRequest) async throws -> APIResponse {
        let key = request.parameter("key")
        let given = try await given(request, "meta")
        guard given.count == 1, let value = given[key] else {
            throw CloudError.badRequest("Request body and URI mismatch")
        }
        _ = try await apply(request, limit: try await limit(request)) { $0.merging([key: value]) { $1 } }
        return Self.item(key, value)
    }

    private func removeItem(_ request: APIRequest) async throws -> APIResponse {
        let key = request.parameter("key")
        guard try await properties(request)[key] != nil else { throw CloudError(.notFound, "Invalid metadata key") }
        _ = try await apply(request, limit: Quota.unlimited) { all in
            all.filter { $0.key != key }
        }
        return .noContent
    }
}
