import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// `/resource_classes`: the standard ones, and `CUSTOM_` ones that clients make.
struct ResourceClassesAPI: Sendable {
    let placement: PlacementService

    var routes: [Route] {
        let path = "/resource_classes"
        return [
            Route(.get, path, .serviceOrAdmin, versions: PlacementAPI.since(2)) { request in
                let classes = try await placement.resourceClasses()
                return .json { writer in
                    writer.array("resource_classes") { writer in
                        for name in classes { writer.object { Self.write(name, to: &$0) } }
                    }
                }
            },
            Route(.post, path, .serviceOrAdmin, versions: PlacementAPI.since(2)) { request in
                let name = try await Self.name(request)
                guard try await placement.makeClass(name) else {
                    throw CloudError.conflict("Conflicting resource class already exists: \(name)")
                }
                return Self.located(.created, name, request)
            },
            Route(.get, path + "/{class}", .serviceOrAdmin, versions: PlacementAPI.since(2)) { request in
                let name = try await placement.resourceClass(request.parameter("class"))
                return .json { Self.write(name, to: &$0) }
            },
            Route(.put, path + "/{class}", .serviceOrAdmin, versions: PlacementAPI.since(2), handler: put),
            Route(.delete, path + "/{class}", .serviceOrAdmin, versions: PlacementAPI.since(2)) { request in
                try await placement.deleteClass(request.parameter("class"))
                return .noContent
            },
        ]
    }

    /// Makes the class unless it is there; before 1.7, gives it another name.
    private func put(_ request: APIRequest) async throws -> APIResponse {
        let name = request.parameter("class")
        guard request.version < Microversion(1, 7) else {
            try Self.check(name)
            return Self.located(try await placement.makeClass(name) ? .created : .noContent, name, request)
        }
        let old = try await placement.resourceClass(name)
        let new = try await Self.name(request)
        try await placement.renameClass(old, to: new)
        return .json { Self.write(new, to: &$0) }
    }

    private static func name(_ request: APIRequest) async throws -> String {
        var fields = try Fields(try await request.json())
        let name = try fields.string("name")
        try fields.finish()
        try check(name)
        return name
    }

    private static func check(_ name: String) throws {
        guard PlacementName.isCustom(name) else {
            throw CloudError.badRequest(
                "JSON does not validate: name: '\(name.prefix(80))' does not match '^CUSTOM_[A-Z0-9_]+$'")
        }
    }

    private static func located(_ status: HTTPResponse.Status, _ name: String, _ request: APIRequest) -> APIResponse {
        APIResponse(status).header(.location, "\(request.baseURL)/resource_classes/\(name)")
    }

    private static func write(_ name: String, to writer: inout JSONWriter) {
        writer.field("name", name)
        writer.array("links") { writer in
            writer.object {
                $0.field("rel", "self")
                $0.field("href", "/placement/resource_classes/\(name)")
            }
        }
    }
}
