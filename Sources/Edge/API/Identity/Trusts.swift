import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/OS-TRUST/trusts`. Tokens of application credentials do not see trusts, and make none.
struct TrustsAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<TrustDraft> { .init(table: TrustAttributes.table, identity: identity) }

    var routes: [Route] {
        let base = "/OS-TRUST/trusts"
        return [
            Route(.get, base, .authenticated, handler: list),
            Route(.post, base, .authenticated) { request in
                let wishes = try await resource.wishes(request, .creation)
                try require(wishes["trustor_user_id"]?.text == request.caller.userID.text, request, "create_trust")
                var draft = TrustDraft(
                    Trust(id: .randomUndashed(), trustorID: request.caller.userID, trusteeID: UserID("")))
                try wishes.apply(to: &draft)
                return try await answer(try await identity.create(draft, by: request.caller), request, .created)
            },
            Route(.get, "\(base)/{id}", .authenticated) { request in
                try await answer(try await visible(request, "get_trust"), request, .ok)
            },
            Route(.delete, "\(base)/{id}", .authenticated) { request in
                let trust = try await identity.trust(request.id())
                try require(
                    request.caller.isAdmin || trust.trustorID == request.caller.userID, request, "delete_trust")
                try await identity.deleteTrust(trust.id)
                return .noContent
            },
            Route(.get, "\(base)/{id}/roles", .authenticated) { request in
                let roles = try await identity.roles(of: try await visible(request, "list_roles_for_trust"))
                return try await IdentityResource(table: RoleAttributes.table, identity: identity).rows(
                    roles.map(\.id.text), request)
            },
            Route(.get, "\(base)/{id}/roles/{role}", .authenticated) { request in
                let roles = try await identity.roles(of: try await visible(request, "get_role_for_trust"))
                let id = request.parameter("role")
                guard roles.contains(where: { $0.id.text == id }) else {
                    throw CloudError(.notFound, "Could not find role: \(id.prefix(80)).")
                }
                return try await IdentityResource(table: RoleAttributes.table, identity: identity).answer(id, request)
            },
        ]
    }

    private func require(_ isAllowed: Bool, _ request: APIRequest, _ action: String) throws {
        try IdentityPolicy.require(isAllowed && request.caller.delegation != .applicationCredential, action)
    }

    /// Those of one trustor or of one trustee, for them and for whoever sees all.
    private func list(_ request: APIRequest) async throws -> APIResponse {
        let caller = request.caller
        let own = caller.userID.text
        if let trustor = request.query("trustor_user_id") {
            try require(trustor == own || caller.seesAll, request, "list_trusts_for_trustor")
        } else if let trustee = request.query("trustee_user_id") {
            try require(trustee == own || caller.seesAll, request, "list_trusts_for_trustee")
        } else {
            try require(caller.seesAll, request, "list_trusts")
        }
        return try await resource.list(request)
    }

    /// One that the caller is in, or may see because it sees all.
    private func visible(_ request: APIRequest, _ action: String) async throws -> Trust {
        let trust = try await identity.trust(request.id())
        let isIn = [trust.trustorID, trust.trusteeID].contains(request.caller.userID)
        try require(isIn || request.caller.seesAll, request, action)
        return trust
    }

    /// The row, and its roles as they are.
    private func answer(
        _ trust: Trust, _ request: APIRequest, _ status: HTTPResponse.Status
    ) async throws -> APIResponse {
        let viewer = IdentityResource<TrustDraft>.viewer(request)
        let row = try await identity.show(TrustAttributes.table, trust.id.text, for: viewer)
        var roles: [[UInt8]] = []
        for role in try await identity.roles(of: trust) {
            roles.append(try await identity.show(RoleAttributes.table, role.id.text, for: viewer))
        }
        let shown = roles
        return .json(status) { writer in
            writer.object("trust") { writer in
                row.withUnsafeBufferPointer { writer.members(ofObject: $0) }
                writer.array("roles") { writer in
                    for role in shown { writer.raw(utf8: role) }
                }
                writer.object("roles_links") { writer in
                    writer.field("self", "\(request.rootURL)/identity/v3/OS-TRUST/trusts/\(trust.id)/roles")
                    writer.null("previous")
                    writer.null("next")
                }
            }
        }
    }
}
