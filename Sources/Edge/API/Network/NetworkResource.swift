import APIKit
import Attributes
import HTTPTypes
import Model
import Networking
import Wire

/// The routes of a kind of resource, made of its table of attributes and its verbs.
struct NetworkResource<Draft: Sendable>: Sendable {
    typealias Create = @Sendable ([Wishes<Draft>], APIRequest) async throws -> [String]

    let table: AttributeTable<Draft>
    let networking: NetworkingService
    /// Such as `security-groups`.
    let path: String
    /// Runs before rows are read: security groups make the default group of the caller's project there.
    var prepare: @Sendable (APIRequest) async throws -> Void = { _ in }

    func viewer(_ request: APIRequest) throws -> Viewer {
        let caller = request.caller
        return Viewer(project: caller.isAdmin ? nil : try caller.project(), isAdmin: caller.isAdmin)
    }

    func routes(
        create: @escaping Create,
        update: @escaping @Sendable (String, Wishes<Draft>, APIRequest) async throws -> Void,
        delete: @escaping @Sendable (String, APIRequest) async throws -> Void
    ) -> [Route] {
        [
            Route(.get, "/\(path)", .reader, handler: list),
            Route(.get, "/\(path)/{id}", .reader) { request in
                try await prepare(request)
                return try await answer(request.parameter("id"), request)
            },
            Route(.post, "/\(path)", .member) { request in
                let (wishes, isBulk) = try await creations(request)
                let made = try await create(wishes, request)
                return try await created(made, isBulk: isBulk, request)
            },
            Route(.put, "/\(path)/{id}", .member) { request in
                let id = request.parameter("id")
                try await update(id, try await change(request), request)
                return try await answer(id, request)
            },
            Route(.delete, "/\(path)/{id}", .member) { request in
                try await delete(request.parameter("id"), request)
                return .noContent
            },
        ]
    }

    func answer(
        _ id: String, _ request: APIRequest, _ status: HTTPResponse.Status = .ok
    ) async throws -> APIResponse {
        let row = try await networking.show(table, id, request.queries("fields"), for: viewer(request))
        return .json(status, reserving: row.count + 64) { writer in
            writer.key(text: table.singular)
            writer.raw(utf8: row)
        }
    }

    /// The body of a change.
    func change(_ request: APIRequest) async throws -> Wishes<Draft> {
        var outer = try Fields(try await request.json())
        return try table.wishes(try body(&outer), at: .change, by: request.caller)
    }

    @Sendable
    func list(_ request: APIRequest) async throws -> APIResponse {
        try await prepare(request)
        let viewer = try viewer(request)
        let query = try NetworkListQuery.read(request.listParameters, table, for: viewer)
        return try await networking.list(table, query, for: viewer) { rows in
            try .json(reserving: (query.limit.map { min($0, 1000) } ?? 1000) * 1100) { writer in
                var found = Listing()
                writer.key(text: table.plural)
                try writer.array { found = try rows(&$0) }
                NetworkLinks.write("\(table.plural)_links", of: found, query, request, to: &writer)
            }
        }
    }

    private func body(_ outer: inout Fields) throws -> JSONValue {
        guard let body = outer.value(table.singular) else {
            throw CloudError(
                .badRequest, "Unable to find '\(table.singular)' in request body", type: "HTTPBadRequest")
        }
        try outer.finish()
        return body
    }

    /// The bodies of a creation: one, or several at once in the plural.
    private func creations(_ request: APIRequest) async throws -> ([Wishes<Draft>], isBulk: Bool) {
        var outer = try Fields(try await request.json())
        if let items = try outer.optionalArray(table.plural) {
            try outer.finish()
            return (try items.map { try table.wishes($0, at: .creation, by: request.caller) }, true)
        }
        return ([try table.wishes(try body(&outer), at: .creation, by: request.caller)], false)
    }

    private func created(_ ids: [String], isBulk: Bool, _ request: APIRequest) async throws -> APIResponse {
        if !isBulk, let id = ids.first { return try await answer(id, request, .created) }
        var rows: [[UInt8]] = []
        for id in ids { rows.append(try await networking.show(table, id, [], for: viewer(request))) }
        return .json(.created) { writer in
            writer.key(text: table.plural)
            writer.array { writer in
                for row in rows { writer.raw(utf8: row) }
            }
        }
    }
}
