import APIKit
import HTTPTypes
import Identity
import Model
import Wire

/// `/projects`.
struct ProjectsAPI: Sendable {
    let identity: IdentityService

    var routes: [Route] {
        [
            Route(.get, "/projects", .reader, handler: list),
            Route(.get, "/projects/{id}", .authenticated) { request in
                let project = try await identity.find(Project.self, request.parameter("id"), noun: "Project")
                guard request.caller.owns(project.id) || request.caller.isAdmin else {
                    throw CloudError(.forbidden, "You are not authorized to see this project.")
                }
                return render(project, request)
            },
            Route(.get, "/users/{user}/projects", .authenticated) { request in
                let user: UserID = request.id("user")
                guard user == request.caller.userID || request.caller.isAdmin else {
                    throw CloudError(.forbidden, "You are not authorized to list another user's projects.")
                }
                let found = try await identity.projects(of: user)
                return IdentityAPI.list("projects", found, request) { Self.write($0, request, to: &$1) }
            },
            Route(.post, "/projects", .admin) { request in
                var fields = try await request.body("project")
                let project = Project(
                    id: .randomUndashed(), name: try fields.string("name", 1...64),
                    domainID: try fields.optionalString("domain_id").map { DomainID($0) } ?? Domain.defaultID,
                    description: try fields.optionalString("description", 0...4096) ?? "",
                    enabled: try fields.optionalBool("enabled") ?? true)
                try await identity.create(project, noun: "project")
                return render(project, request, created: true)
            },
            Route(.patch, "/projects/{id}", .admin) { request in
                let body = try await request.body("project")
                let id = request.parameter("id")
                let changed = try await identity.update(Project.self, id, noun: "Project") { project in
                    var fields = body
                    if let name = try fields.optionalString("name", 1...64) { project.name = name }
                    if let text = try fields.optionalString("description", 0...4096) { project.description = text }
                    if let enabled = try fields.optionalBool("enabled") { project.enabled = enabled }
                }
                return render(changed, request)
            },
            Route(.delete, "/projects/{id}", .admin) { request in
                try await identity.deleteProject(request.id())
                return .noContent
            },
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        var found = try await identity.list(Project.self)
        if let name = request.query("name") { found.removeAll { $0.name != name } }
        if let domain = request.query("domain_id") { found.removeAll { $0.domainID.text != domain } }
        if !request.caller.isAdmin {
            let own = Set(try await identity.projects(of: request.caller.userID).map(\.id))
            found.removeAll { !own.contains($0.id) }
        }
        return IdentityAPI.list("projects", found, request) { Self.write($0, request, to: &$1) }
    }

    private func render(_ project: Project, _ request: APIRequest, created: Bool = false) -> APIResponse {
        .json(created ? .created : .ok) { writer in
            writer.key("project")
            Self.write(project, request, to: &writer)
        }
    }

    static func write(_ project: Project, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", project.id)
            writer.field("name", project.name)
            writer.field("domain_id", project.domainID)
            writer.field("parent_id", project.domainID)
            writer.field("description", project.description)
            writer.field("enabled", project.enabled)
            writer.field("is_domain", false)
            writer.array("tags") { _ in }
            writer.object("options") { _ in }
            IdentityAPI.writeLinks("projects/\(project.id)", request, to: &writer)
        }
    }
}
