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
        let plan = ServerPlan(detailed ? ServerView.detail : ServerView.summary, request)
        guard page.limit > 0 else { return .json { $0.array("servers") { _ in } } }
        return try await compute.write(
            filter, allProjects: allProjects, marker: page.marker.map { ServerID($0) }, limit: page.limit,
            plan.columns, by: request.caller
        ) { each in
            let context = ServerContext(request, hosts: hosts, compute.hostDigests)
            return try .json(reserving: page.limit * (detailed ? 1700 : 512)) { writer in
                var found: (count: Int, last: String?) = (0, nil)
                try writer.array("servers") { writer in
                    found = try each { try plan.write($0, in: context, to: &writer) }
                }
                page.writeNext("servers_links", last: found.last, count: found.count, request, to: &writer)
            }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        try await render(request.id(), ServerView.show, request)
    }

    func render(
        _ id: ServerID, _ fields: [Field<ServerMember>], plainAddresses: Bool = false, adminPassword: String? = nil,
        _ request: APIRequest
    ) async throws -> APIResponse {
        let group = request.version >= Microversion(2, 71) ? try await compute.serverGroup(of: id) : nil
        let plan = ServerPlan(fields, request)
        let hosts = compute.capacity.all
        return try await compute.write(id, plan.columns, by: request.caller) { each in
            let context = ServerContext(request, hosts: hosts, compute.hostDigests)
            context.group = group
            context.adminPassword = adminPassword
            context.showsPlainAddresses = plainAddresses
            return try .json(reserving: 4096) { writer in
                writer.key("server")
                try each { try plan.write($0, in: context, to: &writer) }
            }
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let parsed = try ServerCreateBody.read(try await request.json(), request)
        let made = try await compute.create(parsed.request, by: request.caller)
        guard let first = made.first else { throw CloudError(.internal, "No server was made.") }
        if parsed.returnReservation {
            return .json(.accepted) { $0.field("reservation_id", first.reservationID) }
        }
        let response = APIResponse.json(.accepted) { writer in
            writer.object("server") { writer in
                writer.field("id", first.id)
                writeLinks("/servers/", "/compute/servers/", first.id, request.baseURL, request.rootURL, &writer)
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
        let wanted = try ServerUpdateBody(
            try await request.body("server", ServerUpdateBody.members), at: request.version)
        _ = try await compute.update(request.id(), by: request.caller) { try wanted.apply(to: &$0) }
        return try await render(
            request.id(), ServerView.update, plainAddresses: request.version < Microversion(2, 75), request)
    }

    private func addresses(_ request: APIRequest) async throws -> APIResponse {
        let server = try await compute.server(request.id(), by: request.caller)
        let shown = try PlainAddresses(server.addresses)
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
