import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// Volumes, their snapshots and shares as a cloud without those services has them: there are none, and a server has
/// none. What would make one is in `UnfinishedAPI`.
struct VolumeProxyAPI: Sendable {
    let compute: ComputeService

    private static let versions = Microversion(2, 1)...Microversion(2, 35)
    private static let shareVersions = Microversion(2, 97)...VersionRange.compute.maximum

    var routes: [Route] {
        Self.collection("/os-volumes", "volumes", "Volume") + Self.collection("/os-snapshots", "snapshots", "Snapshot")
            + serverVolumes + serverShares
    }

    private static func none(_ noun: String, _ id: String) -> CloudError {
        CloudError(.notFound, "\(noun) \(id.prefix(80)) could not be found.")
    }

    private static func collection(_ path: String, _ plural: String, _ noun: String) -> [Route] {
        let list: Route.Handler = { request in
            for name in ["limit", "offset"] { _ = try request.integer(name) }
            return empty(plural)
        }
        let one: Route.Handler = { throw none(noun, $0.parameter("id")) }
        return [
            Route(.get, path, .reader, versions: versions, handler: list),
            Route(.get, "\(path)/detail", .reader, versions: versions, handler: list),
            Route(.get, "\(path)/{id}", .reader, versions: versions, handler: one),
            Route(.delete, "\(path)/{id}", .member, versions: versions, handler: one),
        ]
    }

    private static func empty(_ plural: String) -> APIResponse {
        .json { writer in
            writer.key(text: plural)
            writer.array { _ in }
        }
    }

    /// Clients ask for them of each server.
    private var serverVolumes: [Route] {
        let path = "/servers/{server_id}/os-volume_attachments"
        return [
            Route(.get, path, .reader) { request in
                _ = try await compute.server(request.id("server_id"), by: request.caller)
                return Self.empty("volumeAttachments")
            },
            Route(.get, "\(path)/{id}", .reader) { request in
                let server = try await compute.server(request.id("server_id"), by: request.caller)
                throw CloudError(
                    .notFound,
                    "Instance \(server.id) is not attached to volume \(request.parameter("id").prefix(80))")
            },
        ]
    }

    private var serverShares: [Route] {
        let path = "/servers/{server_id}/shares"
        let one: Route.Handler = { request in
            _ = try await compute.server(request.id("server_id"), by: request.caller)
            throw Self.none("Share", request.parameter("id"))
        }
        return [
            Route(.get, path, .reader, versions: Self.shareVersions) { request in
                _ = try await compute.server(request.id("server_id"), by: request.caller)
                return Self.empty("shares")
            },
            Route(.get, "\(path)/{id}", .reader, versions: Self.shareVersions, handler: one),
            Route(.delete, "\(path)/{id}", .member, versions: Self.shareVersions, handler: one),
        ]
    }
}
