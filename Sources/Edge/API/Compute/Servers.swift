import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers`.
struct ServersAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/servers", .reader) { try await list($0, detailed: false) },
            Route(.get, "/servers/detail", .reader) { try await list($0, detailed: true) },
            Route(.post, "/servers", .member, handler: create),
            Route(.get, "/servers/{id}", .reader, handler: show),
            Route(.put, "/servers/{id}", .member, handler: update),
            Route(.delete, "/servers/{id}", .member) { request in
                try await compute.delete(request.id(), by: request.caller)
                return .noContent
            },
            Route(.get, "/servers/{id}/ips", .reader, handler: addresses),
            Route(.get, "/servers/{id}/ips/{label}", .reader, handler: addresses),
        ]
    }

    private func list(_ request: APIRequest, detailed: Bool) async throws -> APIResponse {
        let page = try Page(request)
        let hosts = compute.capacity.all
        let (filter, allProjects) = try ServerListFilter.read(request) { name in hosts.first { $0.hostname == name }?.id
        }
        let found =
            page.limit == 0
            ? []
            : try await compute.servers(
                filter, allProjects: allProjects, marker: page.marker.map { ServerID($0) }, limit: page.limit,
                by: request.caller)
        let plan = FieldPlan(
            detailed ? ServerView.detail : ServerView.summary, at: request.version, admin: request.caller.isAdmin)
        let hostByID = Dictionary(uniqueKeysWithValues: hosts.map { ($0.id, $0) })
        let userData = detailed ? try await userData(of: found, request) : [:]
        var context = ServerContext(request)
        return try .json(reserving: 256 + found.count * 2048) { writer in
            try writer.array("servers") { writer in
                for server in found {
                    let host = server.hostID.flatMap { hostByID[$0] }
                    plan.write(
                        try ServerRendering(server, host: host, userData: userData[server.id], in: &context),
                        to: &writer)
                }
            }
            page.writeNext("servers_links", last: found.last?.id.text, count: found.count, request, to: &writer)
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        try await render(try await compute.server(request.id(), by: request.caller), ServerView.show, request)
    }

    /// For the answers that show it, to administrators from 2.3.
    private func userData(of servers: [Server], _ request: APIRequest) async throws -> [ServerID: String] {
        guard request.caller.isAdmin, request.version >= Microversion(2, 3) else { return [:] }
        return try await compute.userData(of: servers)
    }

    private func render(
        _ server: Server, _ fields: [Field<ServerRendering>], _ request: APIRequest
    ) async throws -> APIResponse {
        let userData = try await userData(of: [server], request)[server.id]
        let group = request.version >= Microversion(2, 71) ? try await compute.serverGroup(of: server.id) : nil
        let plan = FieldPlan(fields, at: request.version, admin: request.caller.isAdmin)
        var context = ServerContext(request)
        return try .json(reserving: 4096) { writer in
            writer.key("server")
            let host = compute.host(of: server)
            plan.write(
                try ServerRendering(server, host: host, userData: userData, group: group, in: &context), to: &writer)
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let parsed = try ServerCreateBody.read(try await request.json(), request)
        let made = try await compute.create(parsed.request, by: request.caller)
        guard let first = made.first else { throw CloudError(.internal, "No server was made.") }
        if parsed.returnReservation {
            return .json(.accepted) { $0.field("reservation_id", first.reservationID) }
        }
        var context = ServerContext(request)
        let response = try APIResponse.json(.accepted) { writer in
            try writer.object("server") { writer in
                writer.field("id", first.id)
                ServerView.links(try ServerRendering(first, host: nil, in: &context), &writer)
                writer.field("OS-DCF:diskConfig", first.diskConfig)
                writer.array("security_groups") { writer in
                    for name in parsed.request.securityGroups ?? ["default"] {
                        writer.object { $0.field("name", name) }
                    }
                }
                writer.field("adminPass", parsed.request.adminPassword)
            }
        }
        return response.header(.location, "\(request.baseURL)/servers/\(first.id)")
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let wanted = try ServerUpdateBody(try await request.body("server"), at: request.version)
        var changed = try await compute.update(request.id(), by: request.caller) { try wanted.apply(to: &$0) }
        if request.version < Microversion(2, 75) { changed.addresses = try ServerAddresses(changed.addresses).json }
        return try await render(changed, ServerView.update, request)
    }

    private func addresses(_ request: APIRequest) async throws -> APIResponse {
        let server = try await compute.server(request.id(), by: request.caller)
        let shown = try ServerAddresses(server.addresses)
        let label = request.parameter("label")
        guard !label.isEmpty else {
            return .json { writer in
                writer.object("addresses") { shown.write(to: &$0) }
            }
        }
        guard shown.has(network: label) else {
            throw CloudError(.notFound, "Instance is not a member of specified network")
        }
        return .json { shown.write(network: label, to: &$0) }
    }
}

extension String {
    /// Without spaces at the ends, as Nova stores names.
    var trimmingSpaces: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
