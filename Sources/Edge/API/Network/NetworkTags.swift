import APIKit
import HTTPTypes
import Model
import Networking
import Wire

extension NetworkResource {
    /// `/{id}/tags`, Neutron's extension `standard-attr-tag`.
    func tagRoutes<Kept: NetworkRecord>(_ type: Kept.Type) -> [Route] {
        allTags(type, "/\(path)/{id}/tags") + oneTag(type, "/\(path)/{id}/tags/{tag}")
    }

    private func change<Kept: NetworkRecord>(
        _ type: Kept.Type, _ request: APIRequest, _ edit: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> [String] {
        try await networking.retag(type, request.parameter("id"), by: request.caller, edit)
    }

    private func allTags<Kept: NetworkRecord>(_ type: Kept.Type, _ path: String) -> [Route] {
        [
            Route(.get, path, .reader) { request in
                let tags = try await networking.tags(of: type, request.parameter("id"), by: request.caller)
                return .json { $0.field("tags", strings: tags) }
            },
            Route(.put, path, .member) { request in
                var fields = try Fields(try await request.json())
                let wanted = try fields.requiredStrings("tags")
                try fields.finish()
                let tags = try await change(type, request) { _ in wanted }
                return .json { $0.field("tags", strings: tags) }
            },
            Route(.delete, path, .member) { request in
                _ = try await change(type, request) { _ in [] }
                return .noContent
            },
        ]
    }

    private func oneTag<Kept: NetworkRecord>(_ type: Kept.Type, _ path: String) -> [Route] {
        [
            Route(.get, path, .reader) { request in
                let tags = try await networking.tags(of: type, request.parameter("id"), by: request.caller)
                guard tags.contains(request.parameter("tag")) else { throw Self.noTag(request.parameter("tag")) }
                return .noContent
            },
            Route(.put, path, .member) { request in
                let tag = request.parameter("tag")
                _ = try await change(type, request) { $0 + [tag] }
                return APIResponse(.created)
            },
            Route(.delete, path, .member) { request in
                let tag = request.parameter("tag")
                _ = try await change(type, request) { tags in
                    guard tags.contains(tag) else { throw Self.noTag(tag) }
                    return tags.filter { $0 != tag }
                }
                return .noContent
            },
        ]
    }

    private static func noTag(_ tag: String) -> CloudError {
        CloudError(.notFound, "Tag \(tag.prefix(80)) could not be found.", type: "TagNotFound")
    }
}
