import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/users`.
struct UsersAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<User> { .init(table: UserAttributes.table, identity: identity) }

    var routes: [Route] {
        [
            Route(.get, "/users", .authenticated) { request in
                let own = try request.caller.listedDomain("list_users")
                return try await resource.list(request, own.map { [.inDomain($0)] } ?? [])
            },
            Route(.get, "/users/{id}", .authenticated) { request in
                let id: UserID = request.id()
                let domain = try await identity.domain(of: id)
                try IdentityPolicy.require(id == request.caller.userID || request.caller.sees(domain), "get_user")
                return try await resource.answer(id.text, request)
            },
            Route(.post, "/users", .authenticated) { request in
                try IdentityPolicy.require(request.caller.manages(request.caller.domain), "create_user")
                let wishes = try await resource.wishes(request, .creation)
                let domain = wishes["domain_id"].map { DomainID($0.text) } ?? request.caller.domain
                try IdentityPolicy.require(request.caller.manages(domain), "create_user")
                let id = try await identity.create(user: wishes, domain: request.caller.domain)
                return try await resource.answer(id.text, request, .created)
            },
            Route(.patch, "/users/{id}", .authenticated) { request in
                let id = try await managed(request, "update_user")
                try await identity.update(user: id, resource.wishes(request, .change))
                return try await resource.answer(id.text, request)
            },
            Route(.delete, "/users/{id}", .authenticated) { request in
                let id = try await managed(request, "delete_user")
                try await identity.remove(User.self, id.text, noun: "user")
                return .noContent
            },
            Route(.post, "/users/{id}/password", .anyone, handler: changePassword),
        ]
    }

    /// The old password is all that is asked for: a user whose password was set for the first time has no token yet.
    @Sendable
    private func changePassword(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("user")
        let (old, new) = (
            try fields.string("original_password", 0...4096), try fields.string("password", 1...4096)
        )
        try fields.finish()
        try await identity.changePassword(of: request.id(), from: old, to: new, source: request.source)
        return .noContent
    }

    /// The id of the path, when the user is the caller's to change.
    private func managed(_ request: APIRequest, _ action: String) async throws -> UserID {
        let id: UserID = request.id()
        try IdentityPolicy.require(request.caller.manages(try await identity.domain(of: id)), action)
        return id
    }
}
