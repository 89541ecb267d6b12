import APIKit
import Attributes
import HTTPTypes
import Model
import Networking
import Wire

/// `/subnetpools`, and `/address-scopes` that they may be of.
struct SubnetPoolsAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] { pools + prefixes + scopes }

    private var prefixes: [Route] {
        [
            Route(.put, "/subnetpools/{id}/add_prefixes", .member) { request in
                let given = try await Self.prefixes(request)
                return Self.answer(try await networking.add(prefixes: given, to: request.id(), by: request.caller))
            },
            Route(.put, "/subnetpools/{id}/remove_prefixes", .member) { request in
                let given = try await Self.prefixes(request)
                return Self.answer(
                    try await networking.remove(prefixes: given, from: request.id(), by: request.caller))
            },
        ]
    }

    /// A body that has prefixes, and nothing else.
    private static func prefixes(_ request: APIRequest) async throws -> [String] {
        let wishes = try SubnetPoolAttributes.table.wishes(
            try await request.json(), at: .change, by: request.caller)
        guard wishes.names == ["prefixes"], let given = wishes["prefixes"]?.texts, !given.isEmpty else {
            throw CloudError(.badRequest, "Request body contains invalid data: prefixes", type: "HTTPBadRequest")
        }
        return given
    }

    private static func answer(_ prefixes: [String]) -> APIResponse {
        .json { $0.field("prefixes", strings: prefixes) }
    }

    private var pools: [Route] {
        let resource = NetworkResource(table: SubnetPoolAttributes.table, networking: networking, path: "subnetpools")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    var pool = SubnetPool(
                        id: .random(), projectID: try request.owner(wish), name: "", prefixes: try JSONText([]),
                        tags: try JSONText([]), createdAt: now, updatedAt: now)
                    try wish.apply(to: &pool)
                    return pool
                }
                return try await networking.create(drafts, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(SubnetPoolID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteSubnetPool(SubnetPoolID(id), by: request.caller) }
        ) + resource.tagRoutes(SubnetPool.self)
    }

    private var scopes: [Route] {
        let resource = NetworkResource(
            table: AddressScopeAttributes.table, networking: networking, path: "address-scopes")
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let drafts = try wishes.map { wish in
                    var scope = AddressScope(
                        id: .random(), projectID: try request.owner(wish), ipVersion: 4, createdAt: now)
                    try wish.apply(to: &scope)
                    return scope
                }
                return try await networking.create(drafts).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(AddressScopeID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteAddressScope(AddressScopeID(id), by: request.caller) })
    }
}
