import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// `/resource_providers`. Every provider is the root of a tree of its own.
struct ResourceProvidersAPI: Sendable {
    let placement: PlacementService

    private static let members = [Field(since: 14, "parent_provider_uuid")]
    private static let fields: [Field<FieldWriter<ResourceProvider>>] = [
        Field { $1.field("uuid", $0.id) },
        Field { $1.field("name", $0.name) },
        Field { $1.field("generation", $0.generation) },
        Field(since: 14) { $1.null("parent_provider_uuid") },
        Field(since: 14) { $1.field("root_provider_uuid", $0.id) },
    ]
    private static let links = [
        Field("self"), Field("inventories"), Field("usages"), Field(since: 1, "aggregates"), Field(since: 6, "traits"),
        Field(since: 11, "allocations"),
    ]

    var routes: [Route] {
        [
            Route(.get, "/resource_providers", .serviceOrAdmin, handler: list),
            Route(.post, "/resource_providers", .serviceOrAdmin, handler: create),
            Route(.get, "/resource_providers/{id}", .serviceOrAdmin) { request in
                show(try await placement.provider(request.id()), request)
            },
            Route(.put, "/resource_providers/{id}", .serviceOrAdmin, handler: update),
            Route(.delete, "/resource_providers/{id}", .serviceOrAdmin) { request in
                try await placement.delete(request.id())
                return .noContent
            },
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let wanted = try ProviderFilter(request)
        let classes = try await placement.resourceClasses()
        try wanted.group.refuseUnknown(classes, try await placement.traits())
        let found = try await placement.states().filter { wanted.accepts($0) }
        return .json { writer in
            writer.array("resource_providers") { writer in
                for state in found { write(state.provider, request, to: &writer) }
            }
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try Fields(try await request.json()).knowing(Self.members, at: request.version)
        let id: ResourceProviderID? = try Self.uuid(&fields, "uuid")
        let provider = ResourceProvider(id: id ?? .random(), name: try Self.name(&fields))
        try await placement.create(provider)
        let made =
            request.version >= Microversion(1, 20) ? show(provider, request) : APIResponse(.created)
        return made.header(.location, "\(request.baseURL)/resource_providers/\(provider.id)")
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let provider = try await placement.provider(request.id())
        var fields = try Fields(try await request.json()).knowing(Self.members, at: request.version)
        return show(try await placement.rename(provider.id, to: try Self.name(&fields)), request)
    }

    /// The name, once nothing else is left in the body. A provider has no parent here.
    private static func name(_ fields: inout Fields) throws -> String {
        try fields.refuseNulls(except: ["parent_provider_uuid"])
        let name = try fields.string("name", 0...200)
        let parent: ResourceProviderID? = try uuid(&fields, "parent_provider_uuid")
        guard parent == nil else {
            throw CloudError(
                .notImplemented, "parent_provider_uuid: trees of resource providers are not built yet in this cloud.")
        }
        try fields.finish()
        return name
    }

    /// With dashes, however it was written.
    private static func uuid(_ fields: inout Fields, _ name: String) throws -> ResourceProviderID? {
        guard let given: ResourceProviderID = try fields.optionalID(name) else { return nil }
        return ResourceProviderID(UUIDText.dashed(given.text))
    }

    private func show(_ provider: ResourceProvider, _ request: APIRequest) -> APIResponse {
        var writer = JSONWriter()
        write(provider, request, to: &writer)
        return APIResponse(.ok, headers: [.contentType: "application/json"], body: .bytes(writer.bytes))
    }

    private func write(_ provider: ResourceProvider, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            FieldPlan(Self.fields, at: request.version).writeMembers(of: provider, to: &writer)
            writer.array("links") { writer in
                for rel in Self.links.shown(at: request.version) {
                    writer.object {
                        $0.field("rel", rel)
                        $0.field(
                            "href", "/placement/resource_providers/\(provider.id)\(rel == "self" ? "" : "/" + rel)")
                    }
                }
            }
        }
    }
}
