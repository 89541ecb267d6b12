import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/groups` and who is in them.
struct GroupsAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<UserGroup> { .init(table: GroupAttributes.table, identity: identity) }
    private var users: IdentityResource<User> { .init(table: UserAttributes.table, identity: identity) }

    var routes: [Route] {
        [
            Route(.get, "/groups", .authenticated) { request in
                let own = try request.caller.listedDomain("list_groups")
                return try await resource.list(request, own.map { [.inDomain($0)] } ?? [])
            },
            Route(.get, "/groups/{id}", .authenticated) { request in
                try await resource.answer(try await seen(request, "get_group").text, request)
            },
            Route(.post, "/groups", .authenticated) { request in
                try IdentityPolicy.require(request.caller.manages(request.caller.domain), "create_group")
                let wishes = try await resource.wishes(request, .creation)
                let domain = wishes["domain_id"].map { DomainID($0.text) } ?? request.caller.domain
                try IdentityPolicy.require(request.caller.manages(domain), "create_group")
                let id = try await identity.create(group: wishes, domain: request.caller.domain)
                return try await resource.answer(id.text, request, .created)
            },
            Route(.patch, "/groups/{id}", .authenticated) { request in
                let id = try await managed(request, "update_group").text
                try await identity.update(group: id, resource.wishes(request, .change))
                return try await resource.answer(id, request)
            },
            Route(.delete, "/groups/{id}", .authenticated) { request in
                let id = try await managed(request, "delete_group").text
                try await identity.remove(UserGroup.self, id, noun: "group")
                return .noContent
            },
        ] + members
    }

    private var members: [Route] {
        [
            Route(.get, "/users/{user}/groups", .authenticated) { request in
                let user: UserID = request.id("user")
                let domain = try await identity.domain(of: user)
                try IdentityPolicy.require(
                    user == request.caller.userID || request.caller.sees(domain), "list_groups_for_user")
                _ = try await identity.user(user)
                return try await resource.list(request, [.groupsOf(user)])
            },
            Route(.get, "/groups/{id}/users", .authenticated) { request in
                let id = try await seen(request, "list_users_in_group")
                _ = try await identity.find(UserGroup.self, id.text, noun: "group")
                return try await users.list(request, [.membersOf(id)])
            },
            Route(.get, "/groups/{id}/users/{user}", .authenticated) { request in
                let id = try await seen(request, "check_user_in_group")
                try await identity.holds(id, request.id("user"))
                return .noContent
            },
            Route(.put, "/groups/{id}/users/{user}", .authenticated) { request in
                try await identity.add(
                    try await managedUser(request, "add_user_to_group"),
                    to: try await managed(request, "add_user_to_group"))
                return .noContent
            },
            Route(.delete, "/groups/{id}/users/{user}", .authenticated) { request in
                try await identity.remove(
                    try await managedUser(request, "remove_user_from_group"),
                    from: try await managed(request, "remove_user_from_group"))
                return .noContent
            },
        ]
    }

    private func seen(_ request: APIRequest, _ action: String) async throws -> UserGroupID {
        let id: UserGroupID = request.id()
        try IdentityPolicy.require(request.caller.sees(try await identity.domain(of: id)), action)
        return id
    }

    private func managed(_ request: APIRequest, _ action: String) async throws -> UserGroupID {
        let id: UserGroupID = request.id()
        try IdentityPolicy.require(request.caller.manages(try await identity.domain(of: id)), action)
        return id
    }

    private func managedUser(_ request: APIRequest, _ action: String) async throws -> UserID {
        let id: UserID = request.id("user")
        try IdentityPolicy.require(request.caller.manages(try await identity.domain(of: id)), action)
        return id
    }
}
