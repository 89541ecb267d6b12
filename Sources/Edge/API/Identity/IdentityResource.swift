import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// What is common to the routes of all kinds of records.
struct IdentityResource<Kept: Sendable>: Sendable {
    let table: AttributeTable<Kept>
    let identity: IdentityService

    static func viewer(_ request: APIRequest) -> Viewer {
        Viewer(project: nil, isAdmin: true, root: request.rootURL + "/identity/v3", site: request.rootURL)
    }

    func answer(
        _ id: String, _ request: APIRequest, _ status: HTTPResponse.Status = .ok
    ) async throws -> APIResponse {
        let row = try await identity.show(table, id, for: Self.viewer(request))
        return .json(status, reserving: row.count + 64) { writer in
            writer.key(text: table.singular)
            writer.raw(utf8: row)
        }
    }

    /// The rows that the query asks for, of those within the bounds.
    func list(_ request: APIRequest, _ bounds: [ListBound] = []) async throws -> APIResponse {
        let query = try IdentityListQuery.read(request.listParameters, table, within: bounds)
        return try await list(query, request) { found, writer in
            let address = request.rootURL + request.path
            let text = request.queryParameters.text
            let isFull = found.count > 0 && query.limit == found.count
            writer.object("links") { writer in
                writer.field("self", text.isEmpty ? address : "\(address)?\(text)")
                writer.null("previous")
                if isFull {
                    writer.field("next", "\(address)?\(request.queryParameters.with("marker", found.last).text)")
                } else {
                    writer.null("next")
                }
            }
            if isFull { writer.field("truncated", true) }
        }
    }

    /// The rows with these ids, whatever the query says.
    func rows(_ ids: [String], _ request: APIRequest) async throws -> APIResponse {
        try await list(IdentityListQuery.rows(ids), request) { _, writer in
            writer.object("links") { writer in
                writer.field("self", request.rootURL + request.path)
                writer.null("previous")
                writer.null("next")
            }
        }
    }

    private func list(
        _ query: ListQuery, _ request: APIRequest,
        _ links: @escaping @Sendable (Listing, inout JSONWriter) -> Void
    ) async throws -> APIResponse {
        try await identity.list(table, query, for: Self.viewer(request)) { rows in
            try .json(reserving: 16_384) { writer in
                var found = Listing()
                writer.key(text: table.plural)
                try writer.array { found = try rows(&$0) }
                links(found, &writer)
            }
        }
    }

    /// What the body asks for; a change asks for something.
    func wishes(_ request: APIRequest, _ moment: BodyMoment) async throws -> Wishes<Kept> {
        var outer = try Fields(try await request.json())
        guard let body = outer.value(table.singular) else {
            throw CloudError.badRequest("'\(table.singular)' is a required property")
        }
        try outer.finish()
        let wishes = try table.wishes(body, at: moment, by: request.caller)
        guard moment == .creation || body != .object([]) else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute \(table.singular). Value: {}. {} should be non-empty")
        }
        return wishes
    }
}
