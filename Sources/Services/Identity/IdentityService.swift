import Cryptography
import Foundation
package import Model
package import Store
import Synchronization

/// Keystone's verbs. Writes raise the identity change feed; what tokens mean is kept in memory until it rises.
package final class IdentityService: Sendable {
    package let database: any Database
    package let clock: any CloudClock
    let passwords: Passwords
    private let memory = Mutex(Memory())

    /// Hours a token is good for.
    package static let tokenHours = 24.0

    struct Memory {
        var sequence: Int64 = -1
        /// What this process has committed; nothing that was read before may be believed.
        var minimum: Int64 = -1
        var codec = TokenCodec(keys: [])
        var revoked: Set<String> = []
        var implied: [RoleID: Set<RoleID>] = [:]
        var roleNames: [RoleID: String] = [:]
        var scopes: [ScopeKey: ResolvedScope] = [:]
        /// How many users' scopes are kept; the table is emptied when it is full.
        static let scopeLimit = 20_000
    }

    struct ScopeKey: Hashable {
        var user: UserID
        var scope: Caller.Scope
        var credential: ApplicationCredentialID?
        var trust: TrustID?
    }

    /// A user in a scope, as the database had it when the feed stood at `Memory.sequence`.
    struct ResolvedScope: Sendable {
        /// The user's own epoch.
        var ownEpoch: Int
        /// The sum of the epochs of the user, of the scope and of their domains: a token is good for one sum.
        var epoch: Int
        var roles: Set<String>
        var roleIDs: Set<RoleID>
        var isRestricted = false
        /// Whom the holder of the token is taken for.
        var actingUser: UserID?
    }

    package init(database: any Database, clock: any CloudClock, passwords: Passwords = Passwords()) {
        self.database = database
        self.clock = clock
        self.passwords = passwords
    }

    /// Changes identity rows and lets nothing older be believed afterwards.
    func change<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        let (result, sequence) = try await database.transaction { db in
            let result = try body(db)
            try ChangeFeedQueries.bump(.identity, db)
            return (result, try ChangeFeedQueries.sequence(.identity, db))
        }
        memory.withLock { memory in
            memory.minimum = max(memory.minimum, sequence)
            memory.sequence = -1
        }
        return result
    }

    /// Notices what other processes changed; to be called every second.
    package func refresh() async throws {
        let sequence = try await database.read { try ChangeFeedQueries.sequence(.identity, $0) }
        memory.withLock { if $0.sequence != sequence { $0.sequence = -1 } }
    }

    private func loadIfStale() async throws {
        while memory.withLock({ $0.sequence < 0 }) {
            let loaded = try await database.read { try Memory(loadedFrom: $0) }
            memory.withLock { memory in
                guard memory.sequence < 0, loaded.sequence >= memory.minimum else { return }
                let minimum = memory.minimum
                memory = loaded
                memory.minimum = minimum
            }
        }
    }

    /// Makes the signing key if the store has none.
    package func ensureTokenKey() async throws {
        let now = clock.now()
        try await change { db in
            guard try IdentityQueries.tokenKeys(db).isEmpty else { return }
            let secret = Data(Secrets.random(32))
            try IdentityQueries.addTokenKey(
                id: String(UUIDText.random().prefix(8)), secret: secret.base64EncodedString(), at: now, db)
        }
    }

    func sign(_ claims: TokenClaims) async throws -> String {
        try await loadIfStale()
        return try memory.withLock { $0.codec }.sign(claims)
    }

    /// The claims of a token that is ours, not expired and not revoked.
    func claims(of token: String) async throws -> TokenClaims {
        try await loadIfStale()
        let (codec, revoked) = memory.withLock { ($0.codec, $0.revoked) }
        guard let claims = try codec.read(token), claims.expiresAt > clock.now(), !revoked.contains(claims.auditID)
        else {
            throw CloudError(.unauthorized, "The token is not valid: it is unknown, expired or revoked.")
        }
        return claims
    }

    /// Who a token stands for, with the roles of this moment.
    package func caller(token: String, requestID: String) async throws -> Caller {
        let claims = try await claims(of: token)
        let resolved = try await resolve(claims)
        return Caller(
            userID: resolved.actingUser ?? claims.userID, scope: claims.scope, roles: resolved.roles,
            requestID: requestID, isRestricted: resolved.isRestricted, delegation: claims.delegation)
    }

    /// What claims are worth now; refused when user, scope or a domain have been disabled since.
    func resolve(_ claims: TokenClaims) async throws -> ResolvedScope {
        let resolved = try await resolve(
            user: claims.userID, scope: claims.scope, by: claims.credentialID, under: claims.trustID)
        guard resolved.epoch == claims.userEpoch else {
            throw CloudError(.unauthorized, "The token is no longer valid: the user's credentials have changed.")
        }
        return resolved
    }

    /// Refuses users, projects and domains that are gone or disabled, and scopes in which the user has no role.
    func resolve(
        user: UserID, scope: Caller.Scope, by credential: ApplicationCredentialID? = nil, under trust: TrustID? = nil
    ) async throws -> ResolvedScope {
        try await loadIfStale()
        let key = ScopeKey(user: user, scope: scope, credential: credential, trust: trust)
        if let known = memory.withLock({ $0.scopes[key] }) { return known }
        let (sequence, found) = try await database.read { db in
            (
                try ChangeFeedQueries.sequence(.identity, db),
                try Standing(of: user, in: scope, by: credential, under: trust, db)
            )
        }
        return try memory.withLock { memory in
            let resolved = try memory.resolve(found, scope)
            if memory.sequence == sequence {
                if memory.scopes.count >= Memory.scopeLimit { memory.scopes = [:] }
                memory.scopes[key] = resolved
            }
            return resolved
        }
    }
}

extension IdentityService.Memory {
    init(loadedFrom db: any Connection) throws {
        sequence = try ChangeFeedQueries.sequence(.identity, db)
        codec.keys = try IdentityQueries.tokenKeys(db).map { id, secret in
            guard let data = Data(base64Encoded: secret) else {
                throw StoreError(.corrupt, "the token key \(id) is no base64")
            }
            return (id, Array(data))
        }
        revoked = try IdentityQueries.revokedTokens(db)
        for role in try db.fetch(Role.self) where role.domainID == nil { roleNames[role.id] = role.name }
        for pair in try IdentityQueries.implications(db) { implied[pair.prior, default: []].insert(pair.implied) }
    }

    /// Roles with everything they imply.
    func withImplied(_ direct: Set<RoleID>) -> Set<RoleID> {
        var found = direct
        var open = Array(direct)
        while let role = open.popLast() {
            for next in implied[role] ?? [] where found.insert(next).inserted { open.append(next) }
        }
        return found
    }

    func resolve(_ found: Standing, _ scope: Caller.Scope) throws -> IdentityService.ResolvedScope {
        var roles = withImplied(found.roles)
        if let chosen = try found.chosenRoles() {
            guard !chosen.isEmpty, chosen.isSubset(of: roles) else { throw Standing.refused }
            roles = withImplied(chosen)
        }
        // Roles of a domain are in no token.
        roles = roles.filter { roleNames[$0] != nil }
        guard !roles.isEmpty || scope == .unscoped else { throw Standing.refused }
        return IdentityService.ResolvedScope(
            ownEpoch: found.ownEpoch, epoch: found.epoch, roles: Set(roles.compactMap { roleNames[$0] }),
            roleIDs: roles, isRestricted: found.credential.map { !$0.isUnrestricted } ?? (found.trust != nil),
            actingUser: found.trust.flatMap { $0.isImpersonating ? $0.trustorID : nil })
    }
}
