import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/credentials` and `/users/{user}/application_credentials`.
struct CredentialsAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<Credential> { .init(table: CredentialAttributes.table, identity: identity) }

    var routes: [Route] {
        [
            Route(.get, "/credentials", .authenticated) { request in
                try IdentityPolicy.require(request.caller.trustID == nil, "list_credentials")
                let own = request.caller.seesAll ? [] : [ListBound.ownedBy(request.caller.userID)]
                return try await resource.list(request, own)
            },
            Route(.get, "/credentials/{id}", .authenticated, handler: show),
            Route(.post, "/credentials", .authenticated) { request in
                let wishes = try await resource.wishes(request, .creation)
                try require(owner: wishes["user_id"]?.text, request, "create_credential")
                let id = try await identity.create(credential: wishes)
                return try await resource.answer(id.text, request, .created)
            },
            Route(.patch, "/credentials/{id}", .authenticated) { request in
                try require(owner: try await credential(request)?.userID.text, request, "update_credential")
                let wishes = try await resource.wishes(request, .change)
                guard wishes.names == ["blob"] else {
                    throw CloudError.badRequest("Of a credential only 'blob' can be changed.")
                }
                try await identity.update(credential: request.parameter("id"), wishes)
                return try await resource.answer(request.parameter("id"), request)
            },
            Route(.delete, "/credentials/{id}", .authenticated) { request in
                try require(owner: try await credential(request)?.userID.text, request, "delete_credential")
                try await identity.remove(Credential.self, request.parameter("id"), noun: "credential")
                return .noContent
            },
        ] + applications
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let (credential, caller) = (try await credential(request), request.caller)
        try IdentityPolicy.require(
            caller.trustID == nil && (credential?.userID == caller.userID || caller.seesAll), "get_credential")
        return try await resource.answer(request.parameter("id"), request)
    }

    private func credential(_ request: APIRequest) async throws -> Credential? {
        try await identity.credential(request.id())
    }

    /// A token of a restricted application credential or under a trust makes and changes no credentials.
    private func require(owner: String?, _ request: APIRequest, _ action: String) throws {
        let caller = request.caller
        try IdentityPolicy.require((owner == caller.userID.text || caller.isAdmin) && !caller.isRestricted, action)
    }

    private var applications: [Route] {
        let base = "/users/{user}/application_credentials"
        return [
            Route(.get, base, .authenticated) { request in
                let user = try owner(request, mayLook: true, "list_application_credentials")
                let found = try await identity.applicationCredentials(of: user, named: request.query("name"))
                let roles = try await identity.list(Role.self)
                return try .json { writer in
                    try writer.array("application_credentials") { writer in
                        for one in found { try Self.write(one, nil, roles, request, to: &writer) }
                    }
                    writer.object("links") {
                        $0.field("self", request.rootURL + request.path)
                        $0.null("previous")
                        $0.null("next")
                    }
                }
            },
            Route(.get, "\(base)/{id}", .authenticated) { request in
                let user = try owner(request, mayLook: true, "get_application_credential")
                let found = try await identity.applicationCredential(request.parameter("id"), of: user)
                return try await render(found, nil, request, .ok)
            },
            Route(.post, base, .authenticated) { request in
                try IdentityPolicy.require(
                    request.id("user") == request.caller.userID && !request.caller.isRestricted,
                    "create_application_credential")
                let (made, secret) = try await identity.create(try await Self.wanted(request), by: request.caller)
                return try await render(made, secret, request, .created)
            },
            Route(.delete, "\(base)/{id}", .authenticated) { request in
                let user = try owner(request, mayLook: false, "delete_application_credential")
                try IdentityPolicy.require(!request.caller.isRestricted, "delete_application_credential")
                try await identity.deleteApplicationCredential(request.parameter("id"), of: user)
                return .noContent
            },
        ]
    }

    private func owner(_ request: APIRequest, mayLook: Bool, _ action: String) throws -> UserID {
        let (user, caller): (UserID, Caller) = (request.id("user"), request.caller)
        try IdentityPolicy.require(
            caller.trustID == nil && (user == caller.userID || caller.isAdmin || (mayLook && caller.seesAll)), action)
        return user
    }

    private static func wanted(_ request: APIRequest) async throws -> IdentityService.WantedCredential {
        var fields = try await request.body("application_credential")
        let name = try fields.string("name", 1...255)
        guard name.contains(where: { !$0.isWhitespace }) else {
            throw CloudError.badRequest("Invalid input for field/attribute name. '\(name)' does not match '[\\S]+'.")
        }
        let expiry = try fields.optionalString("expires_at")
        let time = expiry.flatMap { Timestamp(iso8601: $0) }
        guard expiry == nil || time != nil else {
            throw CloudError.badRequest("Invalid input for field/attribute expires_at. It is no time in ISO 8601.")
        }
        if let rules = try fields.optionalArray("access_rules"), !rules.isEmpty {
            throw CloudError(.notImplemented, "Access rules are not built yet in this cloud; see its README.")
        }
        let wanted = IdentityService.WantedCredential(
            name: name, description: try fields.optionalString("description", 0...4096),
            secret: try fields.optionalString("secret", 1...4096),
            roles: try (try fields.optionalArray("roles") ?? []).map { try role($0) },
            isUnrestricted: try fields.optionalBool("unrestricted") ?? false, expiresAt: time)
        try fields.finish()
        return wanted
    }

    private static func role(_ value: JSONValue) throws -> IdentityService.RoleReference {
        var fields = try Fields(value, at: "roles")
        let (id, name) = (try fields.optionalString("id"), try fields.optionalString("name"))
        try fields.finish()
        switch (id, name) {
        case (.some(let id), nil): return .id(RoleID(id))
        case (nil, .some(let name)): return .name(name)
        default: throw CloudError.badRequest("A role is named by its id or by its name, and by one of them.")
        }
    }

    private func render(
        _ credential: ApplicationCredential, _ secret: String?, _ request: APIRequest, _ status: HTTPResponse.Status
    ) async throws -> APIResponse {
        let roles = try await identity.list(Role.self)
        return try .json(status) { writer in
            writer.key("application_credential")
            try Self.write(credential, secret, roles, request, to: &writer)
        }
    }

    private static func write(
        _ credential: ApplicationCredential, _ secret: String?, _ roles: [Role], _ request: APIRequest,
        to writer: inout JSONWriter
    ) throws {
        let own = Set(try credential.roles.value())
        writer.object { writer in
            writer.field("id", credential.id)
            writer.field("name", credential.name)
            writer.field("description", credential.description)
            writer.field("project_id", credential.projectID)
            writer.field("user_id", credential.userID)
            writer.field("unrestricted", credential.isUnrestricted)
            writer.field("expires_at", credential.expiresAt?.iso8601(.microsecondsWithoutZone))
            writer.array("roles") { writer in
                for role in roles where own.contains(role.id.text) {
                    writer.object {
                        $0.field("id", role.id)
                        $0.field("name", role.name)
                        $0.field("domain_id", role.domainID)
                    }
                }
            }
            if let secret { writer.field("secret", secret) }
            IdentityAPI.writeLinks(
                "users/\(credential.userID)/application_credentials/\(credential.id)", request, to: &writer)
        }
    }
}
