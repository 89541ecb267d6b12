import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// Roles of users and groups on projects, domains and the system.
struct GrantsAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<Role> { .init(table: RoleAttributes.table, identity: identity) }

    var routes: [Route] {
        ["users", "groups"].flatMap { kind in
            routes("/projects/{target}", .project, kind) + routes("/domains/{target}", .domain, kind)
                + routes("/system", .system, kind)
                + routes("/OS-INHERIT/projects/{target}", .project, kind, inherited: true)
                + routes("/OS-INHERIT/domains/{target}", .domain, kind, inherited: true)
        }
    }

    private func routes(
        _ prefix: String, _ target: RoleAssignment.Target, _ kind: String, inherited: Bool = false
    ) -> [Route] {
        let base = "\(prefix)/\(kind)/{actor}/roles"
        let (tail, one) = inherited ? ("/inherited_to_projects", "/{role}/inherited_to_projects") : ("", "/{role}")
        @Sendable func grant(_ request: APIRequest) -> Grant {
            Grant(
                actor: kind == "users" ? .user(request.id("actor")) : .group(request.id("actor")), target: target,
                targetID: target == .system ? "all" : request.parameter("target"), roleID: request.id("role"),
                isInherited: inherited)
        }
        return [
            Route(.get, base + tail, .authenticated) { request in
                let wanted = grant(request)
                try await requireSight(of: wanted, "list_grants", request)
                let found = try await identity.roles(
                    wanted.actor, on: target, wanted.targetID, inherited: inherited)
                return try await resource.rows(found.map(\.text), request)
            },
            Route(.put, base + one, .authenticated) { request in
                try await requireControl(of: grant(request), "create_grant", request)
                try await identity.grant(grant(request))
                return .noContent
            },
            Route(.get, base + one, .authenticated) { try await check(grant($0), $0) },
            Route(.delete, base + one, .authenticated) { request in
                try await requireControl(of: grant(request), "revoke_grant", request)
                try await identity.ungrant(grant(request))
                return .noContent
            },
        ]
    }

    private func check(_ wanted: Grant, _ request: APIRequest) async throws -> APIResponse {
        try await requireSight(of: wanted, "check_grant", request)
        let held = try await identity.roles(
            wanted.actor, on: wanted.target, wanted.targetID, inherited: wanted.isInherited)
        guard held.contains(wanted.roleID) else {
            throw CloudError(
                .notFound, "Could not find role assignment with role: \(wanted.roleID.text.prefix(80)).")
        }
        return .noContent
    }

    /// Whether actor and target are in the domain of the caller's token.
    private func isWithin(_ grant: Grant, _ caller: Caller) async throws -> Bool {
        guard let domain = caller.domain else { return false }
        let actor =
            switch grant.actor {
            case .user(let id): try await identity.domain(of: id)
            case .group(let id): try await identity.domain(of: id)
            }
        let target =
            switch grant.target {
            case .project: try await identity.domain(of: ProjectID(grant.targetID))
            case .domain: DomainID?(DomainID(grant.targetID))
            case .system: DomainID?.none
            }
        return actor == domain && target == domain
    }

    private func requireSight(of grant: Grant, _ action: String, _ request: APIRequest) async throws {
        let isWithin = try await isWithin(grant, request.caller)
        try IdentityPolicy.require(
            request.caller.seesAll || (isWithin && AccessLevel.reader.admits(request.caller)), action)
    }

    /// A manager of a domain grants the roles up to its own, to what is in the domain.
    private func requireControl(of grant: Grant, _ action: String, _ request: APIRequest) async throws {
        guard !request.caller.isAdmin else { return }
        try IdentityPolicy.require(request.caller.roles.contains("manager"), action)
        try IdentityPolicy.require(try await isWithin(grant, request.caller), action)
        let role = try await identity.list(Role.self).first { $0.id == grant.roleID }
        let names: Set = ["manager", "member", "reader"]
        try IdentityPolicy.require(role.map { $0.domainID == nil && names.contains($0.name) } ?? false, action)
    }
}
