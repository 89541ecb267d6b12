package import Model
import Store

/// What a client sends to get a token.
package struct AuthenticationRequest: Sendable {
    package enum Proof: Sendable {
        case password(user: UserReference, password: String)
        case token(String)
        case applicationCredential(CredentialReference, secret: String)
    }
    package enum CredentialReference: Sendable {
        case id(ApplicationCredentialID)
        case name(String, user: UserReference)
    }
    package enum UserReference: Sendable {
        case id(UserID)
        case name(String, domain: DomainReference)
    }
    package enum DomainReference: Sendable {
        case id(DomainID)
        case name(String)
    }
    package enum WantedScope: Sendable {
        /// The user's default project if there is one.
        case unspecified
        case unscoped
        case projectID(ProjectID)
        case projectName(String, domain: DomainReference)
        case domain(DomainReference)
        case system
        case trust(TrustID)
    }

    package var proof: Proof
    package var scope: WantedScope
    /// Where it was asked from; those who ask from elsewhere do not wait for it.
    package var source: String

    package init(proof: Proof, scope: WantedScope, source: String = "") {
        self.proof = proof
        self.scope = scope
        self.source = source
    }
}

/// A token as Keystone describes it.
package struct TokenDescription: Sendable {
    package var claims: TokenClaims
    package var user: User
    package var userDomain: Domain
    package var project: Project?
    package var projectDomain: Domain?
    package var domain: Domain?
    package var roles: [Role]
    package var catalog: [(service: CatalogService, endpoints: [Endpoint])]
    package var credential: ApplicationCredential?
    package var trust: Trust?
}

extension AuthenticationRequest.UserReference {
    fileprivate var name: String {
        switch self {
        case .id(let id): id.text
        case .name(let name, .id(let domain)): "\(domain)/\(name)"
        case .name(let name, .name(let domain)): "\(domain)/\(name)"
        }
    }
}

extension AuthenticationRequest.CredentialReference {
    fileprivate var name: String {
        switch self {
        case .id(let id): id.text
        case .name(let name, let user): "\(user.name)/\(name)"
        }
    }
}

extension AuthenticationRequest.WantedScope {
    /// Whether it asks for no other scope than the one project.
    fileprivate func isNone(but project: ProjectID) -> Bool {
        switch self {
        case .unspecified: true
        case .projectID(let id): id == project
        case .unscoped, .projectName, .domain, .system, .trust: false
        }
    }
}

extension IdentityService {
    private static var refused: CloudError {
        CloudError(.unauthorized, "The request you have made requires authentication.")
    }

    /// Checks the proof and gives a token for the scope.
    package func authenticate(_ request: AuthenticationRequest) async throws -> (String, TokenDescription) {
        let now = clock.now()
        let proved = try await prove(request, now)
        let user = proved.user
        guard user.enabled, try satisfies(proved.methods, user) else { throw Self.refused }
        if case .trust(let id) = request.scope, proved.credential == nil {
            return try await give(proved, under: try await trust(id, for: user, now), now)
        }
        var scope = Caller.Scope.unscoped
        if let credential = proved.credential {
            guard request.scope.isNone(but: credential.projectID) else {
                throw CloudError(.unauthorized, "Application credentials cannot request a scope.")
            }
            scope = .project(credential.projectID)
        } else {
            scope = try await find(request.scope, for: user)
        }
        let resolved = try await resolve(user: user.id, scope: scope, by: proved.credential?.id)
        // What was proved was proved of this user as it is now.
        guard resolved.ownEpoch == user.epoch else { throw Self.refused }
        let claims = TokenClaims(
            userID: user.id, userEpoch: resolved.epoch, scope: scope, methods: proved.methods,
            auditID: String(UUIDText.random().filter { $0 != "-" }.prefix(22)), issuedAt: now,
            expiresAt: proved.expires, credentialID: proved.credential?.id)
        return (try await sign(claims), try await describe(claims))
    }

    /// A token under a trust, which is used by it.
    private func give(
        _ proved: Proved, under trust: Trust, _ now: Timestamp
    ) async throws -> (String, TokenDescription) {
        guard let project = trust.projectID else {
            throw CloudError(.forbidden, "Trust \(trust.id) is of no project, and gives no tokens.")
        }
        let scope = Caller.Scope.project(project)
        let resolved: ResolvedScope
        do {
            resolved = try await resolve(user: proved.user.id, scope: scope, under: trust.id)
        } catch let error as CloudError where error.kind == .unauthorized {
            throw CloudError(
                .forbidden, "Trustee has no delegated roles, or somebody in the trust is disabled.", cause: error)
        }
        guard resolved.ownEpoch == proved.user.epoch else { throw Self.refused }
        guard try await database.transaction({ try TrustQueries.use(trust.id, $0) }) else {
            throw CloudError(.forbidden, "No remaining uses for trust: \(trust.id).")
        }
        let claims = TokenClaims(
            userID: proved.user.id, userEpoch: resolved.epoch, scope: scope, methods: proved.methods,
            auditID: String(UUIDText.random().filter { $0 != "-" }.prefix(22)), issuedAt: now,
            expiresAt: min(trust.expiresAt ?? proved.expires, proved.expires), trustID: trust.id)
        return (try await sign(claims), try await describe(claims))
    }

    /// The trust of a trustee, while it gives tokens.
    private func trust(_ id: TrustID, for user: User, _ now: Timestamp) async throws -> Trust {
        let found: Trust
        do {
            found = try await trust(id)
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.unauthorized, error.message)
        }
        guard found.trusteeID == user.id else { throw CloudError(.forbidden, "User is not a trustee.") }
        return found
    }

    /// Who somebody has proved to be, and by what.
    private struct Proved {
        var user: User
        var methods: [String]
        var expires: Timestamp
        var credential: ApplicationCredential?
    }

    private func prove(_ request: AuthenticationRequest, _ now: Timestamp) async throws -> Proved {
        let expires = now.advanced(seconds: Self.tokenHours * 3600)
        switch request.proof {
        case .password(let reference, let password):
            let user = try await check(reference, password: password, from: request.source)
            return Proved(user: user, methods: ["password"], expires: expires)
        case .token(let token):
            let old = try await claims(of: token)
            _ = try await resolve(old)
            guard old.trustID == nil else {
                throw CloudError(
                    .forbidden,
                    "You are not authorized to perform the requested action: Using trust-scoped token to create "
                        + "another token. Create a new trust-scoped token instead.")
            }
            let (user, credential) = try await database.read { db in
                (
                    try db.find(User.self, key: .id(old.userID)),
                    try old.credentialID.flatMap { try db.find(ApplicationCredential.self, key: .id($0)) }
                )
            }
            guard let user, old.credentialID == credential?.id else { throw Self.refused }
            return Proved(
                user: user, methods: old.methods.contains("token") ? old.methods : old.methods + ["token"],
                expires: old.expiresAt, credential: credential)
        case .applicationCredential(let reference, let secret):
            let (user, credential) = try await check(reference, secret: secret, from: request.source, now)
            return Proved(
                user: user, methods: ["application_credential"],
                expires: credential.expiresAt.map { min($0, expires) } ?? expires, credential: credential)
        }
    }

    private func check(
        _ reference: AuthenticationRequest.CredentialReference, secret: String, from source: String, _ now: Timestamp
    ) async throws -> (User, ApplicationCredential) {
        let found = try await database.read { db -> (User, ApplicationCredential)? in
            let credential: ApplicationCredential?
            switch reference {
            case .id(let id): credential = try db.find(ApplicationCredential.self, key: .id(id))
            case .name(let name, let user):
                credential = try Self.find(user, db).flatMap {
                    try db.first(
                        ApplicationCredential.self, "WHERE user_id = ?1 AND name = ?2", [.id($0.id), .text(name)])
                }
            }
            guard let credential, let user = try db.find(User.self, key: .id(credential.userID)) else { return nil }
            return (user, credential)
        }
        let turn = PasswordTurn(source: source, name: reference.name)
        guard try await passwords.verify(secret, against: found?.1.secretHash, turn), let found,
            found.1.expiresAt.map({ $0 > now }) ?? true
        else { throw Self.refused }
        return found
    }

    private static func find(
        _ reference: AuthenticationRequest.UserReference, _ db: any Connection
    ) throws -> User? {
        switch reference {
        case .id(let id): try db.find(User.self, key: .id(id))
        case .name(let name, let domain):
            try find(domain, db).flatMap { try IdentityQueries.user(named: name, domain: $0.id, db) }
        }
    }

    private func check(
        _ reference: AuthenticationRequest.UserReference, password: String, from source: String
    ) async throws -> User {
        let found = try await database.read { try Self.find(reference, $0) }
        let turn = PasswordTurn(source: source, name: reference.name)
        guard try await passwords.verify(password, against: found?.passwordHash, turn), let user = found else {
            throw Self.refused
        }
        return user
    }

    private static func find(
        _ reference: AuthenticationRequest.DomainReference, _ db: any Connection
    ) throws -> Domain? {
        switch reference {
        case .id(let id): try db.find(Domain.self, key: .id(id))
        case .name(let name): try IdentityQueries.domain(named: name, db)
        }
    }

    private func find(_ wanted: AuthenticationRequest.WantedScope, for user: User) async throws -> Caller.Scope {
        switch wanted {
        case .trust: throw Self.refused
        case .unscoped: return .unscoped
        case .unspecified:
            guard let project = user.defaultProjectID else { return .unscoped }
            do {
                _ = try await resolve(user: user.id, scope: .project(project))
                return .project(project)
            } catch let error as CloudError where error.kind == .unauthorized {
                return .unscoped
            }
        case .system: return .system
        case .projectID(let id): return .project(id)
        case .projectName(let name, let reference):
            let project = try await database.read { db in
                try Self.find(reference, db).flatMap { try IdentityQueries.project(named: name, domain: $0.id, db) }
            }
            guard let project else { throw Self.refused }
            return .project(project.id)
        case .domain(let reference):
            guard let domain = try await database.read({ try Self.find(reference, $0) }) else { throw Self.refused }
            return .domain(domain.id)
        }
    }

    /// What a token of somebody says, for those who may ask.
    package func describe(token: String) async throws -> TokenDescription {
        let claims: TokenClaims
        do {
            claims = try await self.claims(of: token)
            _ = try await resolve(claims)
        } catch let error as CloudError where error.kind == .unauthorized {
            throw CloudError(.notFound, "The token in X-Subject-Token could not be found.")
        }
        return try await describe(claims)
    }

    /// Ends a token at once, for itself or for an administrator.
    package func revoke(token: String) async throws {
        let claims = try await self.claims(of: token)
        let now = clock.now()
        try await change { db in
            try IdentityQueries.revoke(auditID: claims.auditID, until: claims.expiresAt, now: now, db)
        }
    }

    private func describe(_ claims: TokenClaims) async throws -> TokenDescription {
        let resolved = try await resolve(claims)
        let roles = resolved.roleIDs
        return try await database.read { db in
            guard let user = try db.find(User.self, key: .id(resolved.actingUser ?? claims.userID)),
                let userDomain = try db.find(Domain.self, key: .id(user.domainID))
            else { throw Self.refused }
            var found = TokenDescription(
                claims: claims, user: user, userDomain: userDomain,
                roles: try db.fetch(Role.self, "ORDER BY name").filter { roles.contains($0.id) }, catalog: [])
            found.credential = try claims.credentialID.flatMap { try db.find(ApplicationCredential.self, key: .id($0)) }
            found.trust = try claims.trustID.flatMap { try db.find(Trust.self, key: .id($0)) }
            switch claims.scope {
            case .project(let id):
                found.project = try db.find(Project.self, key: .id(id))
                found.projectDomain = try found.project.flatMap { try db.find(Domain.self, key: .id($0.domainID)) }
            case .domain(let id): found.domain = try db.find(Domain.self, key: .id(id))
            case .system, .unscoped: break
            }
            if claims.scope != .unscoped { found.catalog = try Self.catalog(db) }
            return found
        }
    }

    package func catalog() async throws -> [(service: CatalogService, endpoints: [Endpoint])] {
        try await database.read { try Self.catalog($0) }
    }

    private static func catalog(_ db: any Connection) throws -> [(service: CatalogService, endpoints: [Endpoint])] {
        let endpoints = try db.fetch(Endpoint.self, "WHERE enabled = 1 ORDER BY interface")
        return try db.fetch(CatalogService.self, "WHERE enabled = 1 ORDER BY type").map { service in
            (service, endpoints.filter { $0.serviceID == service.id })
        }
    }
}
