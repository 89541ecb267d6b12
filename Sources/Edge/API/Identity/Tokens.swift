import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/auth/tokens`, `/auth/catalog`, `/auth/projects`, `/auth/domains`.
struct TokensAPI: Sendable {
    let identity: IdentityService

    var routes: [Route] {
        [
            Route(.post, "/auth/tokens", .anyone, handler: issue),
            Route(.get, "/auth/tokens", .authenticated, handler: show),
            Route(.delete, "/auth/tokens", .authenticated, handler: revoke),
            Route(.get, "/auth/catalog", .authenticated) { request in
                let catalog = try await identity.catalog()
                return .json { writer in
                    TokensAPI.write(catalog, for: request, to: &writer)
                    writer.object("links") { $0.field("self", "\(request.rootURL)\(request.path)") }
                }
            },
            Route(.get, "/auth/projects", .authenticated, handler: projects),
            Route(.get, "/auth/domains", .authenticated, handler: domains),
            Route(.get, "/auth/system", .authenticated, handler: system),
        ]
    }

    private func projects(_ request: APIRequest) async throws -> APIResponse {
        try await ProjectsAPI(identity: identity).list(of: request.caller.userID, enabledOnly: true, request)
    }

    /// Those that a token of the caller can be scoped to.
    private func domains(_ request: APIRequest) async throws -> APIResponse {
        let ids = try await identity.domains(of: request.caller.userID).map(\.text)
        return try await IdentityResource(table: DomainAttributes.table, identity: identity).list(
            request, [.among(ids), .enabled])
    }

    private func system(_ request: APIRequest) async throws -> APIResponse {
        let holds = try await identity.isOfSystem(request.caller.userID)
        return .json { writer in
            writer.array("system") { writer in
                if holds { writer.object { $0.field("all", true) } }
            }
            writer.object("links") { $0.field("self", request.rootURL + request.path) }
        }
    }

    private func issue(_ request: APIRequest) async throws -> APIResponse {
        var wanted = try AuthenticationBody.read(try await request.json())
        wanted.source = request.source
        let (token, description) = try await identity.authenticate(wanted)
        return render(description, request, .created).header(.subjectToken, token)
    }

    private func subject(_ request: APIRequest) throws -> String {
        guard let token = request.headers[.subjectToken], !token.isEmpty else {
            throw CloudError.badRequest("The header X-Subject-Token is missing.")
        }
        return token
    }

    /// Anybody may look at an own token; others are for administrators and services.
    private func show(_ request: APIRequest) async throws -> APIResponse {
        let token = try subject(request)
        let description = try await identity.describe(token: token)
        guard description.user.id == request.caller.userID || AccessLevel.serviceOrAdmin.admits(request.caller) else {
            throw CloudError(.forbidden, "You are not authorized to look at this token.")
        }
        return render(description, request, .ok).header(.subjectToken, token)
    }

    private func revoke(_ request: APIRequest) async throws -> APIResponse {
        let token = try subject(request)
        let description = try await identity.describe(token: token)
        guard description.user.id == request.caller.userID || request.caller.isAdmin else {
            throw CloudError(.forbidden, "You are not authorized to revoke this token.")
        }
        try await identity.revoke(token: token)
        return .noContent
    }

    private func render(
        _ token: TokenDescription, _ request: APIRequest, _ status: HTTPResponse.Status
    ) -> APIResponse {
        .json(status, reserving: 4096) { writer in
            writer.object("token") { writer in
                writer.field("methods", strings: token.claims.methods)
                writer.object("user") { writer in
                    writer.field("id", token.user.id)
                    writer.field("name", token.user.name)
                    writer.null("password_expires_at")
                    Self.write("domain", token.userDomain, to: &writer)
                }
                writer.field("audit_ids", strings: [token.claims.auditID])
                writer.field("issued_at", token.claims.issuedAt.iso8601(.microseconds))
                writer.field("expires_at", token.claims.expiresAt.iso8601(.microseconds))
                Self.writeScope(token, to: &writer)
                guard token.claims.scope != .unscoped else { return }
                writer.array("roles") { writer in
                    for role in token.roles {
                        writer.object {
                            $0.field("id", role.id)
                            $0.field("name", role.name)
                        }
                    }
                }
                if let credential = token.credential {
                    writer.object("application_credential") { writer in
                        writer.field("id", credential.id)
                        writer.field("name", credential.name)
                        writer.field("restricted", !credential.isUnrestricted)
                    }
                }
                if request.query("nocatalog") == nil { Self.write(token.catalog, for: request, to: &writer) }
            }
        }
    }

    private static func write(_ name: StaticString, _ domain: Domain, to writer: inout JSONWriter) {
        writer.object(name) {
            $0.field("id", domain.id)
            $0.field("name", domain.name)
        }
    }

    private static func writeScope(_ token: TokenDescription, to writer: inout JSONWriter) {
        if let project = token.project, let domain = token.projectDomain {
            writer.object("project") { writer in
                writer.field("id", project.id)
                writer.field("name", project.name)
                write("domain", domain, to: &writer)
            }
            if token.trust == nil { writer.field("is_domain", false) }
        }
        if let domain = token.domain { write("domain", domain, to: &writer) }
        if let trust = token.trust {
            writer.object("OS-TRUST:trust") { writer in
                writer.field("id", trust.id)
                writer.object("trustor_user") { $0.field("id", trust.trustorID) }
                writer.object("trustee_user") { $0.field("id", trust.trusteeID) }
                writer.field("impersonation", trust.isImpersonating)
            }
        }
        if token.claims.scope == .system { writer.object("system") { $0.field("all", true) } }
    }

    /// Endpoint addresses are kept relative to the cloud's own address unless they name another host.
    private static func write(
        _ catalog: [(service: CatalogService, endpoints: [Endpoint])], for request: APIRequest,
        to writer: inout JSONWriter
    ) {
        writer.array("catalog") { writer in
            for (service, endpoints) in catalog {
                writer.object { writer in
                    writer.field("id", service.id)
                    writer.field("type", service.type)
                    writer.field("name", service.name)
                    writer.array("endpoints") { writer in
                        for endpoint in endpoints {
                            writer.object {
                                $0.field("id", endpoint.id)
                                $0.field("interface", endpoint.interface)
                                $0.field("region", endpoint.regionID.isEmpty ? nil : endpoint.regionID)
                                $0.field("region_id", endpoint.regionID.isEmpty ? nil : endpoint.regionID)
                                $0.field("url", CatalogAPI.url(endpoint, request))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The body of `POST /auth/tokens`.
enum AuthenticationBody {
    static func read(_ json: JSONValue) throws -> AuthenticationRequest {
        var outer = try Fields(json)
        var auth = try outer.object("auth")
        var identity = try auth.object("identity")
        let methods = Set(try identity.strings("methods") ?? [])
        guard methods.count < 2 else {
            throw CloudError(
                .notImplemented, "Several methods at once, \(methods.sorted()), are not built yet in this cloud.")
        }
        let proof: AuthenticationRequest.Proof
        if methods.contains("password") {
            var password = try identity.object("password")
            var user = try password.object("user")
            proof = .password(user: try reference(&user), password: try user.string("password", 0...4096))
        } else if methods.contains("token") {
            var token = try identity.object("token")
            proof = .token(try token.string("id", 0...4096))
        } else if methods.contains("application_credential") {
            proof = try credential(&identity)
        } else {
            throw CloudError(
                .unauthorized,
                "Unsupported authentication methods \(methods.sorted()); use password, token or application_credential."
            )
        }
        return AuthenticationRequest(proof: proof, scope: try scope(&auth))
    }

    private static func credential(_ identity: inout Fields) throws -> AuthenticationRequest.Proof {
        var given = try identity.object("application_credential")
        let secret = try given.string("secret", 0...4096)
        if let id = try given.optionalString("id") {
            return .applicationCredential(.id(ApplicationCredentialID(id)), secret: secret)
        }
        let name = try given.string("name")
        var user = try given.object("user")
        return .applicationCredential(.name(name, user: try reference(&user)), secret: secret)
    }

    private static func reference(_ user: inout Fields) throws -> AuthenticationRequest.UserReference {
        if let id = try user.optionalString("id") { return .id(UserID(id)) }
        let name = try user.string("name")
        var domain = try user.object("domain")
        return .name(name, domain: try reference(domain: &domain))
    }

    private static func reference(domain: inout Fields) throws -> AuthenticationRequest.DomainReference {
        if let id = try domain.optionalString("id") { return .id(DomainID(id)) }
        return .name(try domain.string("name"))
    }

    private static let scopes = ["system", "project", "domain", "OS-TRUST:trust", "unscoped"]

    private static func scope(_ auth: inout Fields) throws -> AuthenticationRequest.WantedScope {
        guard let value = auth.value("scope") else { return .unspecified }
        if value == .string("unscoped") { return .unscoped }
        var scope = try Fields(value, at: "scope")
        guard scopes.filter({ scope.has($0) }).count == 1 else {
            throw CloudError.badRequest(
                "Expecting to find system, project, domain, OS-TRUST:trust or unscoped in scope: one of them.")
        }
        if scope.has("unscoped") { return .unscoped }
        if scope.has("project") {
            var project = try scope.object("project")
            if let id = try project.optionalString("id") { return .projectID(ProjectID(id)) }
            let name = try project.string("name")
            var domain = try project.object("domain")
            return .projectName(name, domain: try reference(domain: &domain))
        }
        if scope.has("domain") {
            var domain = try scope.object("domain")
            return .domain(try reference(domain: &domain))
        }
        if scope.has("system") { return .system }
        var trust = try scope.object("OS-TRUST:trust")
        return .trust(TrustID(try trust.string("id")))
    }
}
