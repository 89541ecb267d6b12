import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/roles` and what they imply.
struct RolesAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<Role> { .init(table: RoleAttributes.table, identity: identity) }

    var routes: [Route] {
        [
            Route(.get, "/roles", .authenticated) { request in
                let caller = request.caller
                let isManager = caller.roles.contains("manager") && caller.domain != nil
                let isGlobal = request.query("domain_id") == nil
                try IdentityPolicy.require(
                    caller.seesAll || (isManager && isGlobal), isGlobal ? "list_roles" : "list_domain_roles")
                return try await resource.list(request)
            },
            Route(.get, "/roles/{id}", .authenticated) { request in
                let caller = request.caller
                let isManager = caller.roles.contains("manager") && caller.domain != nil
                if !caller.seesAll, isManager {
                    let role = try await identity.list(Role.self).first { $0.id == request.id() }
                    let names: Set = ["manager", "member", "reader"]
                    try IdentityPolicy.require(
                        role.map { $0.domainID == nil && names.contains($0.name) } ?? false, "get_role")
                } else {
                    try IdentityPolicy.require(caller.seesAll, "get_role")
                }
                return try await resource.answer(request.parameter("id"), request)
            },
            Route(.post, "/roles", .admin) { request in
                let id = try await identity.create(role: resource.wishes(request, .creation))
                return try await resource.answer(id.text, request, .created)
            },
            Route(.patch, "/roles/{id}", .admin) { request in
                let id = request.parameter("id")
                try await identity.update(role: id, resource.wishes(request, .change))
                return try await resource.answer(id, request)
            },
            Route(.delete, "/roles/{id}", .admin) { request in
                try await identity.remove(Role.self, request.parameter("id"), noun: "role")
                return .noContent
            },
        ] + implications
    }

    private var implications: [Route] {
        [
            Route(.get, "/role_inferences", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "list_role_inference_rules")
                return try await inferences(request)
            },
            Route(.get, "/roles/{id}/implies", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "list_implied_roles")
                let (prior, implied) = try await implied(request)
                return .json { writer in
                    writer.object("role_inference") { writer in
                        writer.key("prior_role")
                        Self.write(prior, request, to: &writer)
                        writer.array("implies") { writer in
                            for role in implied { Self.write(role, request, to: &writer) }
                        }
                    }
                    writer.object("links") { $0.field("self", request.rootURL + request.path) }
                }
            },
            Route(.get, "/roles/{id}/implies/{implied}", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "get_implied_role")
                return try await inference(request)
            },
            Route(.head, "/roles/{id}/implies/{implied}", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "check_implied_role")
                _ = try await inference(request)
                return .noContent
            },
            Route(.put, "/roles/{id}/implies/{implied}", .admin) { request in
                try await identity.imply(prior: request.id(), implied: request.id("implied"))
                return try await inference(request, .created)
            },
            Route(.delete, "/roles/{id}/implies/{implied}", .admin) { request in
                try await identity.unimply(prior: request.id(), implied: request.id("implied"))
                return .noContent
            },
        ]
    }

    private func implied(_ request: APIRequest) async throws -> (prior: Role, implied: [Role]) {
        let prior = try await identity.find(Role.self, request.parameter("id"), noun: "role")
        let pairs = try await identity.implications().filter { $0.prior == prior.id }
        let roles = try await identity.list(Role.self).filter { role in pairs.contains { $0.implied == role.id } }
        return (prior, roles)
    }

    private func inference(
        _ request: APIRequest, _ status: HTTPResponse.Status = .ok
    ) async throws -> APIResponse {
        let (prior, roles) = try await implied(request)
        guard let role = roles.first(where: { $0.id == request.id("implied") }) else {
            throw CloudError(.notFound, "\(prior.id) does not imply \(request.parameter("implied").prefix(80))")
        }
        return .json(status) { writer in
            writer.object("role_inference") { writer in
                writer.key("prior_role")
                Self.write(prior, request, to: &writer)
                writer.key("implies")
                Self.write(role, request, to: &writer)
            }
            writer.object("links") { $0.field("self", request.rootURL + request.path) }
        }
    }

    private static func write(_ role: Role, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", role.id)
            writer.field("name", role.name)
            IdentityAPI.writeLinks("roles/\(role.id)", request, to: &writer)
        }
    }

    private func inferences(_ request: APIRequest) async throws -> APIResponse {
        let roles = try await identity.list(Role.self)
        let pairs = try await identity.implications()
        return .json { writer in
            writer.array("role_inferences") { writer in
                for prior in roles where pairs.contains(where: { $0.prior == prior.id }) {
                    writer.object { writer in
                        writer.key("prior_role")
                        Self.write(prior, request, to: &writer)
                        writer.array("implies") { writer in
                            for implied in roles
                            where pairs.contains(where: { $0.prior == prior.id && $0.implied == implied.id }) {
                                Self.write(implied, request, to: &writer)
                            }
                        }
                    }
                }
            }
            writer.object("links") { $0.field("self", request.rootURL + request.path) }
        }
    }
}
