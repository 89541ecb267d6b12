package import APIKit
import HTTPTypes
import Model
package import Networking
import Wire

/// The network service, Neutron v2.0.
package enum NetworkAPI {
    package static func service(networking: NetworkingService) -> APIService {
        var routes = [
            Route(.get, "/", .anyone) { request in
                .json { writer in
                    writer.array("resources") { _ in }
                    writer.field("self", "\(request.rootURL)/network/v2.0")
                }
            }
        ]
        routes += NetworksAPI(networking: networking).routes
        routes += SubnetsAPI(networking: networking).routes
        routes += PortsAPI(networking: networking).routes
        routes += RoutersAPI(networking: networking).routes
        routes += FloatingIPsAPI(networking: networking).routes
        routes += SecurityGroupsAPI(networking: networking).routes
        routes += NetworkQuotasAPI(networking: networking).routes
        return APIService(name: "network", prefix: "/network/v2.0", style: .network, routes: routes)
    }

    package static var open: [Route] {
        [
            Route(.get, "/network", .anyone) { request in
                .json { writer in
                    writer.array("versions") { writer in
                        writer.object { writer in
                            writer.field("id", "v2.0")
                            writer.field("status", "CURRENT")
                            writer.array("links") { writer in
                                writer.object {
                                    $0.field("rel", "self")
                                    $0.field("href", "\(request.rootURL)/network/v2.0/")
                                }
                            }
                        }
                    }
                }
            }
        ]
    }
}

/// How a kind of resource reads: what a query may compare, and how a row is written.
struct NetworkResource<Kept: Sendable>: Sendable {
    var singular: StaticString
    var plural: StaticString
    /// Texts that a query parameter of that name is compared with.
    var comparable: [String: @Sendable (Kept) -> String]
    var write: @Sendable (Kept, inout JSONWriter) throws -> Void

    /// Parameters that are about the list and not about its rows.
    private static var reserved: Set<String> { ["fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"] }

    /// The rows that the query asks for. A parameter may be repeated; rows match any of its values.
    func list(_ rows: [Kept], _ request: APIRequest) throws -> APIResponse {
        var found = rows
        for name in request.queryNames.subtracting(Self.reserved) {
            guard let text = comparable[name] else { continue }
            let wanted = Set(request.queries(name).map { Self.normal($0) })
            found = found.filter { wanted.contains(Self.normal(text($0))) }
        }
        if let marker = request.query("marker"), let id = comparable["id"] {
            guard let at = found.firstIndex(where: { id($0) == marker }) else {
                throw CloudError.badRequest("Invalid marker: \(marker.prefix(64)) is not in the list.")
            }
            found.removeFirst(at + 1)
        }
        if let limit = try request.integer("limit"), limit > 0 { found = Array(found.prefix(limit)) }
        let shown = found
        return try .json(reserving: shown.count * 512) { writer in
            try writer.array(plural) { writer in
                for row in shown { try write(row, &writer) }
            }
        }
    }

    private static func normal(_ text: String) -> String {
        switch text.lowercased() {
        case "true", "1": "true"
        case "false", "0": "false"
        default: text
        }
    }

    func one(_ row: Kept, _ status: HTTPResponse.Status = .ok) throws -> APIResponse {
        try .json(status) { writer in
            writer.key(singular)
            try write(row, &writer)
        }
    }

    /// The bodies of a creation: one, or several at once in the plural.
    func bodies(_ request: APIRequest) async throws -> (items: [Fields], isBulk: Bool) {
        var outer = try Fields(try await request.json())
        if let items = try outer.optionalArray("\(plural)") {
            try outer.finish()
            return (try items.map { try Fields($0, at: "\(singular)") }, true)
        }
        let one = try outer.object("\(singular)")
        try outer.finish()
        return ([one], false)
    }

    func created(_ rows: [Kept], isBulk: Bool) throws -> APIResponse {
        guard isBulk || rows.count != 1 else { return try one(rows[0], .created) }
        return try .json(.created) { writer in
            try writer.array(plural) { writer in
                for row in rows { try write(row, &writer) }
            }
        }
    }
}

extension JSONWriter {
    /// Members that most network resources end with.
    mutating func common(
        _ project: ProjectID, _ tags: JSONText<[String]>, created: Timestamp, updated: Timestamp
    ) {
        field("project_id", project)
        field("tenant_id", project)
        field("tags", tags)
        field("created_at", created.iso8601())
        field("updated_at", updated.iso8601())
        field("revision_number", 1)
    }
}

extension APIRequest {
    /// The project a new resource belongs to; only administrators name another's.
    func owner(_ fields: inout Fields) throws -> ProjectID {
        let tenant = try fields.optionalString("tenant_id")
        let named = try fields.optionalString("project_id") ?? tenant
        guard let named, !named.isEmpty else { return try caller.project() }
        let project = ProjectID(named)
        guard caller.owns(project) else {
            throw CloudError(.forbidden, "You may not create resources for project '\(named.prefix(64))'.")
        }
        return project
    }
}
