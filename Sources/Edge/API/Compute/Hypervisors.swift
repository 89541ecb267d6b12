import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-hypervisors`.
struct HypervisorsAPI: Sendable {
    let compute: ComputeService

    private static let uuids = Microversion(2, 53)

    var routes: [Route] {
        let ended = Microversion(2, 1)...Microversion(2, 52)
        let figures = Microversion(2, 1)...Microversion(2, 87)
        return [
            Route(.get, "/os-hypervisors", .admin) { try await list($0, HypervisorView.summary) },
            Route(.get, "/os-hypervisors/detail", .admin) { try await list($0, HypervisorView.detail) },
            Route(.get, "/os-hypervisors/statistics", .admin, versions: figures) { _ in
                let states = try await compute.hypervisors().filter { !$0.host.isDisabled }
                return .json { writer in
                    writer.object("hypervisor_statistics") { writer in
                        writer.field("count", states.count)
                        HypervisorFigures(states).write(to: &writer)
                    }
                }
            },
            Route(.get, "/os-hypervisors/{id}", .admin, handler: show),
            Route(.get, "/os-hypervisors/{id}/uptime", .admin, versions: figures, handler: uptime),
            Route(.get, "/os-hypervisors/{id}/search", .admin, versions: ended) { request in
                try await render(try await matching(request.parameter("id")), HypervisorView.summary, request)
            },
            Route(.get, "/os-hypervisors/{id}/servers", .admin, versions: ended) { request in
                let states = try await matching(request.parameter("id"))
                return try await render(states, HypervisorView.summary, request, withServers: true)
            },
        ]
    }

    /// Those with a text in their names.
    private func matching(_ text: String) async throws -> [HypervisorState] {
        let text = text.lowercased()
        let found = try await compute.hypervisors().filter { $0.host.hostname.lowercased().contains(text) }
        guard !found.isEmpty else {
            throw CloudError(.notFound, "No hypervisor matching '\(text.prefix(255))' could be found.")
        }
        return found
    }

    private func list(_ request: APIRequest, _ fields: HypervisorView.Members) async throws -> APIResponse {
        let page = try Page(request)
        let withServers = try Self.wantsServers(request)
        if let pattern = request.query("hypervisor_hostname_pattern") {
            guard (1...255).contains(pattern.unicodeScalars.count) else {
                throw CloudError.badRequest(
                    "Invalid input for query parameters hypervisor_hostname_pattern. It has 1 to 255 characters.")
            }
            _ = try NovaText.host(pattern, of: "hypervisor_hostname_pattern")
            guard request.query("limit") == nil, request.query("marker") == nil else {
                throw CloudError.badRequest(
                    "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.")
            }
            return try await render(try await matching(pattern), fields, request, withServers: withServers)
        }
        var states = try await compute.hypervisors()
        if let marker = page.marker {
            guard let at = states.firstIndex(where: { Self.id(of: $0, request) == marker }) else {
                throw CloudError.badRequest("marker [\(marker.prefix(80))] not found")
            }
            states.removeFirst(at + 1)
        }
        let isPaged = request.version >= Microversion(2, 33)
        if isPaged { states = Array(states.prefix(page.limit)) }
        return try await render(states, fields, request, withServers: withServers, isPaged ? page : nil)
    }

    private static func id(of state: HypervisorState, _ request: APIRequest) -> String {
        request.version >= uuids ? state.host.id.text : String(state.host.number)
    }

    private static func wantsServers(_ request: APIRequest) throws -> Bool {
        guard let text = request.query("with_servers") else { return false }
        guard let flag = APIRequest.boolean(text) else {
            throw CloudError.badRequest(
                "Invalid input for query parameters with_servers. Value: '\(text.prefix(40))'. It must be a boolean.")
        }
        return flag
    }

    private func render(
        _ states: [HypervisorState], _ fields: HypervisorView.Members, _ request: APIRequest,
        withServers: Bool = false, _ page: Page? = nil
    ) async throws -> APIResponse {
        let shown = try await views(of: states, withServers: withServers)
        let plan = FieldPlan(fields, at: request.version)
        return .json(reserving: shown.count * 512) { writer in
            writer.array("hypervisors") { writer in
                for view in shown { plan.write(view, to: &writer) }
            }
            page?.writeNext(
                "hypervisors_links", last: states.last.map { Self.id(of: $0, request) }, count: states.count, request,
                to: &writer)
        }
    }

    private func views(of states: [HypervisorState], withServers: Bool) async throws -> [HypervisorView] {
        let now = compute.clock.now()
        let servers = withServers ? try await compute.servers(on: states.map(\.host.id)) : [:]
        return states.map { state in
            HypervisorView(state: state, now: now, servers: withServers ? servers[state.host.id] ?? [] : nil)
        }
    }

    private func found(_ request: APIRequest) async throws -> HypervisorState {
        let id = request.parameter("id")
        if request.version >= Self.uuids, !UUIDText.isValid(id) {
            throw CloudError.badRequest("Invalid uuid \(id.prefix(80))")
        }
        let wanted = id.lowercased()
        guard let state = try await compute.hypervisors().first(where: { Self.id(of: $0, request) == wanted }) else {
            throw CloudError(.notFound, "Hypervisor with ID '\(id.prefix(80))' could not be found.")
        }
        return state
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let withServers = try Self.wantsServers(request)
        let shown = try await views(of: [try await found(request)], withServers: withServers)
        return .json { writer in
            writer.key("hypervisor")
            for view in shown { FieldPlan(HypervisorView.detail, at: request.version).write(view, to: &writer) }
        }
    }

    private func uptime(_ request: APIRequest) async throws -> APIResponse {
        let state = try await found(request)
        let view = HypervisorView(state: state, now: compute.clock.now(), servers: nil)
        guard view.isUp else {
            throw CloudError.badRequest("Compute service of \(state.host.hostname) is unavailable at this time.")
        }
        guard let uptime = view.uptime else {
            throw CloudError(.notImplemented, "The requested functionality is not supported.")
        }
        return .json { writer in
            writer.object("hypervisor") { writer in
                FieldPlan(HypervisorView.summary, at: request.version).writeMembers(of: view, to: &writer)
                writer.field("uptime", uptime)
            }
        }
    }
}
