import APIKit
import HTTPTypes
import Identity
import Model
import Wire

/// `/users`.
struct UsersAPI: Sendable {
    let identity: IdentityService

    var routes: [Route] {
        [
            Route(.get, "/users", .admin) { request in
                var found = try await identity.list(User.self)
                if let name = request.query("name") { found.removeAll { $0.name != name } }
                if let domain = request.query("domain_id") { found.removeAll { $0.domainID.text != domain } }
                return IdentityAPI.list("users", found, request) { Self.write($0, request, to: &$1) }
            },
            Route(.get, "/users/{id}", .authenticated) { request in
                guard request.id() == request.caller.userID || request.caller.isAdmin else {
                    throw CloudError(.forbidden, "You are not authorized to see another user.")
                }
                return render(try await identity.user(request.id()), request)
            },
            Route(.post, "/users", .admin, handler: create),
            Route(.patch, "/users/{id}", .admin, handler: update),
            Route(.post, "/users/{id}/password", .authenticated) { request in
                guard request.id() == request.caller.userID else {
                    throw CloudError(.forbidden, "Only the user changes an own password this way.")
                }
                var fields = try await request.body("user")
                try await identity.changePassword(
                    of: request.id(), from: try fields.string("original_password", 0...4096),
                    to: try fields.string("password", 1...4096))
                return .noContent
            },
            Route(.delete, "/users/{id}", .admin) { request in
                try await identity.deleteUser(request.id())
                return .noContent
            },
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("user")
        let user = User(
            id: .randomUndashed(), name: try fields.string("name", 1...255),
            domainID: try fields.optionalString("domain_id").map { DomainID($0) } ?? Domain.defaultID,
            defaultProjectID: try fields.optionalString("default_project_id").map { ProjectID($0) },
            email: try fields.optionalString("email"), description: try fields.optionalString("description", 0...4096),
            enabled: try fields.optionalBool("enabled") ?? true)
        let password = try fields.optionalString("password", 1...4096)
        return render(try await identity.create(user: user, password: password), request, created: true)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var body = try await request.body("user")
        let password = try body.optionalString("password", 1...4096)
        let rest = body
        let changed = try await identity.update(user: request.id(), password: password) { user in
            var fields = rest
            if let name = try fields.optionalString("name", 1...255) { user.name = name }
            if fields.has("email") { user.email = try fields.optionalString("email") }
            if fields.has("description") { user.description = try fields.optionalString("description", 0...4096) }
            if fields.has("default_project_id") {
                user.defaultProjectID = try fields.optionalString("default_project_id").map { ProjectID($0) }
            }
            if let enabled = try fields.optionalBool("enabled") { user.enabled = enabled }
        }
        return render(changed, request)
    }

    private func render(_ user: User, _ request: APIRequest, created: Bool = false) -> APIResponse {
        .json(created ? .created : .ok) { writer in
            writer.key("user")
            Self.write(user, request, to: &writer)
        }
    }

    static func write(_ user: User, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", user.id)
            writer.field("name", user.name)
            writer.field("domain_id", user.domainID)
            writer.field("enabled", user.enabled)
            if let project = user.defaultProjectID { writer.field("default_project_id", project) }
            if let email = user.email { writer.field("email", email) }
            if let description = user.description { writer.field("description", description) }
            writer.null("password_expires_at")
            writer.object("options") { _ in }
            IdentityAPI.writeLinks("users/\(user.id)", request, to: &writer)
        }
    }
}
