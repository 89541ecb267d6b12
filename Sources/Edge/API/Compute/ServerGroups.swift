import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-server-groups`.
struct ServerGroupsAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/os-server-groups", .reader, handler: list),
            Route(.post, "/os-server-groups", .member, handler: create),
            Route(.get, "/os-server-groups/{id}", .reader) { request in
                try await render(try await compute.serverGroup(request.id(), by: request.caller), request)
            },
            Route(.delete, "/os-server-groups/{id}", .member) { request in
                try await compute.deleteServerGroup(request.id(), by: request.caller)
                return .noContent
            },
        ]
    }

    /// Every project's only for administrators; others who ask for that see their own, as in Nova.
    private func list(_ request: APIRequest) async throws -> APIResponse {
        let page = try Page(request)
        let found = try await compute.serverGroups(
            allProjects: request.query("all_projects") != nil, by: request.caller)
        let shown = Array(found.dropFirst(try request.integer("offset") ?? 0).prefix(page.limit))
        let members = try await compute.members(of: shown)
        return .json { writer in
            writer.array("server_groups") { writer in
                for group in shown { write(group, members[group.id] ?? [], request, to: &writer) }
            }
        }
    }

    private func render(_ group: ServerGroup, _ request: APIRequest) async throws -> APIResponse {
        let members = try await compute.members(of: [group])
        return .json { writer in
            writer.key("server_group")
            write(group, members[group.id] ?? [], request, to: &writer)
        }
    }

    private func write(
        _ group: ServerGroup, _ members: [ServerID], _ request: APIRequest, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("id", group.id)
            writer.field("name", group.name)
            if request.version >= Microversion(2, 64) {
                writer.field("policy", group.policy.rawValue)
                writer.object("rules") { writer in
                    if let limit = group.maxServerPerHost { writer.field("max_server_per_host", limit) }
                }
            } else {
                writer.field("policies", strings: [group.policy.rawValue])
                writer.object("metadata") { _ in }
            }
            writer.field("members", strings: members.map(\.text))
            if request.version >= Microversion(2, 13) {
                writer.field("project_id", group.projectID)
                writer.field("user_id", group.userID)
            }
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("server_group")
        let name = try NovaText.name(try fields.string("name", 1...255), of: "name")
        let isNew = request.version >= Microversion(2, 64)
        let policy = isNew ? try Self.policy(&fields) : try Self.policies(&fields, at: request.version)
        let limit = isNew ? try Self.limit(&fields, policy) : nil
        try fields.finish()
        let group = ServerGroup(
            id: .random(), projectID: try request.caller.project(), userID: request.caller.userID, name: name,
            policy: policy, maxServerPerHost: limit, createdAt: compute.clock.now())
        try await compute.create(group)
        return try await render(group, request)
    }

    private static func policy(_ fields: inout Fields) throws -> ServerGroup.Policy {
        let text = try fields.string("policy")
        guard let policy = ServerGroup.Policy(rawValue: text) else {
            throw fields.invalid(
                "policy", .string(text), "It is not one of \(ServerGroup.Policy.allCases.map(\.rawValue)).")
        }
        return policy
    }

    /// A list of one; soft policies since 2.15.
    private static func policies(_ fields: inout Fields, at version: Microversion) throws -> ServerGroup.Policy {
        let known: [ServerGroup.Policy] =
            version >= Microversion(2, 15) ? ServerGroup.Policy.allCases : [.affinity, .antiAffinity]
        let items = try fields.array("policies")
        guard items.count == 1, case .string(let text)? = items.first,
            let policy = ServerGroup.Policy(rawValue: text), known.contains(policy)
        else {
            throw fields.invalid("policies", .array(items), "It must hold one of \(known.map(\.rawValue)).")
        }
        return policy
    }

    private static func limit(_ fields: inout Fields, _ policy: ServerGroup.Policy) throws -> Int? {
        guard fields.has("rules") else { return nil }
        var rules = try fields.object("rules")
        let limit = rules.has("max_server_per_host") ? try rules.int("max_server_per_host", 1...Int(Int32.max)) : nil
        try rules.finish()
        guard limit == nil || policy == .antiAffinity else {
            throw CloudError.badRequest("Only anti-affinity policy supports rules.")
        }
        return limit
    }
}
