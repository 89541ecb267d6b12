import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-server-groups`.
struct ServerGroupsAPI: Sendable {
    private typealias Shown = (group: ServerGroup, members: [ServerID])

    let compute: ComputeService

    private static let fields: [Field<FieldWriter<Shown>>] = [
        Field { $1.field("id", $0.group.id) },
        Field { $1.field("name", $0.group.name) },
        Field(until: 63) { $1.field("policies", strings: [$0.group.policy.rawValue]) },
        Field(until: 63) { $1.object("metadata") { _ in } },
        Field(since: 64) { $1.field("policy", $0.group.policy.rawValue) },
        Field(since: 64) { shown, writer in
            writer.object("rules") { writer in
                if let limit = shown.group.maxServerPerHost { writer.field("max_server_per_host", limit) }
            }
        },
        Field { $1.field("members", strings: $0.members.map(\.text)) },
        Field(since: 13) { $1.field("project_id", $0.group.projectID) },
        Field(since: 13) { $1.field("user_id", $0.group.userID) },
    ]

    private static let listedPolicies: [Field<ServerGroup.Policy>] = [
        Field(.affinity), Field(.antiAffinity), Field(since: 15, .softAffinity), Field(since: 15, .softAntiAffinity),
    ]

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

    /// `all_projects` has an effect for administrators only; others see the groups of their own project, as in Nova.
    private func list(_ request: APIRequest) async throws -> APIResponse {
        let page = try Page(request)
        let found = try await compute.serverGroups(
            allProjects: request.query("all_projects") != nil, by: request.caller)
        let shown = Array(found.dropFirst(try request.integer("offset") ?? 0).prefix(page.limit))
        let members = try await compute.members(of: shown)
        let plan = FieldPlan(Self.fields, at: request.version)
        return .json { writer in
            writer.array("server_groups") { writer in
                for group in shown { plan.write((group, members[group.id] ?? []), to: &writer) }
            }
        }
    }

    private func render(_ group: ServerGroup, _ request: APIRequest) async throws -> APIResponse {
        let members = try await compute.members(of: [group])
        return .json { writer in
            writer.key("server_group")
            FieldPlan(Self.fields, at: request.version).write((group, members[group.id] ?? []), to: &writer)
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

    /// A list of one.
    private static func policies(_ fields: inout Fields, at version: Microversion) throws -> ServerGroup.Policy {
        let known = listedPolicies.shown(at: version)
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
