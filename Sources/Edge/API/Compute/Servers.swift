import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers`.
struct ServersAPI: Sendable {
    let compute: ComputeService
    let lookups: ServerLookups

    var routes: [Route] {
        [
            Route(.get, "/servers", .reader) { try await list($0, ServerView.summary) },
            Route(.get, "/servers/detail", .reader) { try await list($0, ServerView.detail) },
            Route(.post, "/servers", .member, handler: create),
            Route(.get, "/servers/{id}", .reader, handler: show),
            Route(.put, "/servers/{id}", .member, handler: update),
            Route(.delete, "/servers/{id}", .member) { request in
                try await compute.delete(request.id(), by: request.caller)
                return .noContent
            },
            Route(.get, "/servers/{id}/ips", .reader, handler: addresses),
            Route(.get, "/servers/{id}/ips/{label}", .reader, handler: addresses),
            Route(.get, "/servers/{id}/os-security-groups", .reader, handler: securityGroups),
        ]
    }

    private func list(_ request: APIRequest, _ fields: [Field<ServerRendering>]) async throws -> APIResponse {
        let page = try Page(request)
        let hosts = compute.capacity.all
        let filter = try ServerListFilter.read(request) { name in hosts.first { $0.hostname == name }?.id }
        let found =
            page.limit == 0
            ? []
            : try await compute.servers(
                filter, marker: page.marker.map { ServerID($0) }, limit: page.limit, by: request.caller)
        let plan = FieldPlan(fields, at: request.version, admin: request.caller.isAdmin)
        let hostnames = Dictionary(uniqueKeysWithValues: hosts.map { ($0.id, $0.hostname) })
        return .json(reserving: 256 + found.count * 2048) { writer in
            writer.array("servers") { writer in
                for server in found {
                    let hostname = server.hostID.flatMap { hostnames[$0] }
                    plan.write(ServerRendering(server, hostname: hostname, request), to: &writer)
                }
            }
            page.writeNext("servers_links", last: found.last?.id.text, count: found.count, request, to: &writer)
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        render(try await compute.server(request.id(), by: request.caller), request)
    }

    private func render(_ server: Server, _ request: APIRequest) -> APIResponse {
        let plan = FieldPlan(ServerView.show, at: request.version, admin: request.caller.isAdmin)
        return .json(reserving: 4096) { writer in
            writer.key("server")
            plan.write(ServerRendering(server, hostname: compute.hostname(of: server), request), to: &writer)
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
                ServerView.links(ServerRendering(first, hostname: nil, request), &writer)
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
        var fields = try await request.body("server")
        let name = try fields.optionalString("name", 1...255)
        let ipv4 = try fields.optionalString("accessIPv4")
        let ipv6 = try fields.optionalString("accessIPv6")
        let diskConfig = try fields.word("OS-DCF:diskConfig", of: ["AUTO", "MANUAL"])
        let changesDescription = request.version >= Microversion(2, 19) && fields.has("description")
        let description = changesDescription ? try fields.optionalString("description") : nil
        let hostname =
            request.version >= Microversion(2, 90) ? try fields.optionalString("hostname", 1...63) : nil
        try fields.finish()
        if let ipv4, !ipv4.isEmpty, IPAddress(ipv4)?.version != 4 {
            throw fields.invalid("accessIPv4", .string(ipv4), "It is not an IPv4 address.")
        }
        if let ipv6, !ipv6.isEmpty, IPAddress(ipv6)?.version != 6 {
            throw fields.invalid("accessIPv6", .string(ipv6), "It is not an IPv6 address.")
        }
        let changed = try await compute.update(request.id(), by: request.caller) { server in
            if let name { server.name = name.trimmingSpaces }
            if let ipv4 { server.accessIPv4 = ipv4 }
            if let ipv6 { server.accessIPv6 = ipv6 }
            if let diskConfig { server.diskConfig = diskConfig }
            if changesDescription { server.description = description }
            if let hostname { server.hostname = hostname }
        }
        return render(changed, request)
    }

    /// Of each address its version and the address itself.
    private func addresses(_ request: APIRequest) async throws -> APIResponse {
        let server = try await compute.server(request.id(), by: request.caller)
        guard case .object(let networks) = try JSONValue(parsing: Array(server.addresses.utf8)) else {
            throw CloudError(.internal, "The addresses of server \(server.id) are not kept as an object.")
        }
        let label = request.parameter("label")
        guard label.isEmpty || networks.contains(where: { $0.key == label }) else {
            throw CloudError(.notFound, "Instance is not a member of specified network")
        }
        func write(_ writer: inout JSONWriter) {
            for network in networks where label.isEmpty || network.key == label {
                writer.key(text: network.key)
                guard case .array(let addresses) = network.value else { return writer.array { _ in } }
                writer.array { writer in
                    for address in addresses {
                        writer.object { writer in
                            for name in ["version", "addr"] {
                                writer.key(text: name)
                                writer.value(address[name] ?? .null)
                            }
                        }
                    }
                }
            }
        }
        guard label.isEmpty else { return .json { write(&$0) } }
        return .json { writer in
            writer.object("addresses") { write(&$0) }
        }
    }

    private func securityGroups(_ request: APIRequest) async throws -> APIResponse {
        let groups = try await lookups.securityGroups(of: request.id(), by: request.caller)
        return .json { writer in
            writer.array("security_groups") { writer in
                for group in groups {
                    writer.object {
                        $0.field("id", group.id)
                        $0.field("name", group.name)
                        $0.field("description", group.description)
                        $0.field("tenant_id", group.projectID)
                        $0.array("rules") { _ in }
                    }
                }
            }
        }
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
