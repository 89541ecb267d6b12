import APIKit
import HTTPTypes
import Identity
import Model
import Wire

/// `/roles`, grants and `/role_assignments`.
struct RolesAPI: Sendable {
    let identity: IdentityService

    var routes: [Route] {
        [
            Route(.get, "/roles", .reader) { request in
                let found = try await identity.list(Role.self).filter { role in
                    request.query("name").map { $0 == role.name } ?? true
                }
                return IdentityAPI.list("roles", found, request) { Self.write($0, request, to: &$1) }
            },
            Route(.get, "/roles/{id}", .reader) { request in
                render(try await identity.find(Role.self, request.parameter("id"), noun: "Role"), request)
            },
            Route(.post, "/roles", .admin) { request in
                var fields = try await request.body("role")
                let role = Role(
                    id: .randomUndashed(), name: try fields.string("name", 1...255),
                    description: try fields.optionalString("description", 0...4096))
                try await identity.create(role, noun: "role")
                return render(role, request, created: true)
            },
            Route(.delete, "/roles/{id}", .admin) { request in
                try await identity.remove(Role.self, request.parameter("id"), noun: "Role")
                return .noContent
            },
            Route(.get, "/role_inferences", .reader, handler: inferences),
            Route(.get, "/role_assignments", .reader, handler: assignments),
        ] + grants("/projects/{target}", .project) + grants("/domains/{target}", .domain) + grants("/system", .system)
    }

    private func render(_ role: Role, _ request: APIRequest, created: Bool = false) -> APIResponse {
        .json(created ? .created : .ok) { writer in
            writer.key("role")
            Self.write(role, request, to: &writer)
        }
    }

    static func write(_ role: Role, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", role.id)
            writer.field("name", role.name)
            writer.null("domain_id")
            writer.field("description", role.description)
            writer.object("options") { _ in }
            IdentityAPI.writeLinks("roles/\(role.id)", request, to: &writer)
        }
    }

    private func grants(_ prefix: String, _ target: RoleAssignment.Target) -> [Route] {
        let base = "\(prefix)/users/{user}/roles"
        @Sendable func assignment(_ request: APIRequest) -> RoleAssignment {
            RoleAssignment(
                userID: request.id("user"), target: target,
                targetID: target == .system ? "all" : request.parameter("target"), roleID: request.id("role"))
        }
        return [
            Route(.get, base, .admin) { request in
                let wanted = assignment(request)
                let found = try await identity.roles(of: wanted.userID, on: target, wanted.targetID)
                return IdentityAPI.list("roles", found, request) { Self.write($0, request, to: &$1) }
            },
            Route(.put, "\(base)/{role}", .admin) { request in
                try await check(assignment(request))
                try await identity.grant(assignment(request))
                return .noContent
            },
            Route(.get, "\(base)/{role}", .admin) { request in
                let wanted = assignment(request)
                let held = try await identity.roles(of: wanted.userID, on: target, wanted.targetID)
                guard held.contains(where: { $0.id == wanted.roleID }) else {
                    throw CloudError(.notFound, "The user does not have this role there.")
                }
                return .noContent
            },
            Route(.delete, "\(base)/{role}", .admin) { request in
                try await identity.ungrant(assignment(request))
                return .noContent
            },
        ]
    }

    private func check(_ assignment: RoleAssignment) async throws {
        _ = try await identity.user(assignment.userID)
        _ = try await identity.find(Role.self, assignment.roleID.text, noun: "Role")
        switch assignment.target {
        case .project: _ = try await identity.find(Project.self, assignment.targetID, noun: "Project")
        case .domain: _ = try await identity.find(Domain.self, assignment.targetID, noun: "Domain")
        case .system: break
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
        }
    }

    private func assignments(_ request: APIRequest) async throws -> APIResponse {
        var found = try await identity.list(RoleAssignment.self)
        if let user = request.query("user.id") { found.removeAll { $0.userID.text != user } }
        if let role = request.query("role.id") { found.removeAll { $0.roleID.text != role } }
        if let project = request.query("scope.project.id") {
            found.removeAll { $0.target != .project || $0.targetID != project }
        }
        if let domain = request.query("scope.domain.id") {
            found.removeAll { $0.target != .domain || $0.targetID != domain }
        }
        if !request.caller.isAdmin { found.removeAll { $0.userID != request.caller.userID } }
        let wantsNames = request.query("include_names").map { APIRequest.boolean($0) ?? true } ?? false
        let names = wantsNames ? try await AssignmentNames(identity) : nil
        return IdentityAPI.list("role_assignments", found, request) { assignment, writer in
            writer.object { writer in
                Self.reference("role", assignment.roleID.text, names, to: &writer)
                Self.reference("user", assignment.userID.text, names, to: &writer)
                writer.object("scope") { writer in
                    switch assignment.target {
                    case .project: Self.reference("project", assignment.targetID, names, to: &writer)
                    case .domain: Self.reference("domain", assignment.targetID, names, to: &writer)
                    case .system: writer.object("system") { $0.field("all", true) }
                    }
                }
                writer.object("links") { $0.field("assignment", "\(request.rootURL)\(request.path)") }
            }
        }
    }

    private static func reference(
        _ kind: StaticString, _ id: String, _ names: AssignmentNames?, to writer: inout JSONWriter
    ) {
        writer.object(kind) { writer in
            writer.field("id", id)
            guard let known = names?.all[id] else { return }
            writer.field("name", known.name)
            guard let domain = known.domain else { return }
            writer.object("domain") {
                $0.field("id", domain)
                $0.field("name", names?.all[domain.text]?.name)
            }
        }
    }
}

/// Names for `include_names`, by id, and the domains of what is in one.
private struct AssignmentNames {
    var all: [String: (name: String, domain: DomainID?)] = [:]

    init(_ identity: IdentityService) async throws {
        for role in try await identity.list(Role.self) { all[role.id.text] = (role.name, nil) }
        for user in try await identity.list(User.self) { all[user.id.text] = (user.name, user.domainID) }
        for project in try await identity.list(Project.self) { all[project.id.text] = (project.name, project.domainID) }
        for domain in try await identity.list(Domain.self) { all[domain.id.text] = (domain.name, nil) }
    }
}
