package import Model
import Store

extension IdentityService {
    /// The most trusts that may follow one another.
    private static let deepest = 3

    /// A trust that is good for something yet.
    package func trust(_ id: TrustID) async throws -> Trust {
        let now = clock.now()
        guard let found = try await database.read({ try $0.find(Trust.self, key: .id(id)) }),
            found.expiresAt.map({ $0 > now }) ?? true, found.remainingUses != 0
        else { throw Self.notFound("trust", id.text) }
        return found
    }

    package func roles(of trust: Trust) async throws -> [Role] {
        let ids = Set(try trust.roles.value().map { RoleID($0) })
        return try await database.read { try GrantQueries.roles(ids, $0) }
    }

    /// Makes one for its trustor, who asks; under a trust, one that reaches no further.
    package func create(_ draft: TrustDraft, by caller: Caller) async throws -> Trust {
        guard draft.trust.trustorID == caller.userID, caller.delegation != .applicationCredential else {
            throw Self.forbidden("The authenticated user should match the trustor")
        }
        guard draft.trust.projectID == nil || !draft.roles.isEmpty else {
            throw Self.forbidden("At least one role should be specified")
        }
        guard draft.trust.expiresAt.map({ $0 > clock.now() }) ?? true else {
            throw CloudError.badRequest("The 'expires_at' must not be before now.")
        }
        guard draft.trust.redelegatedTrustID == nil || draft.trust.redelegatedTrustID == caller.trustID else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute redelegated_trust_id. It is the trust of the token.")
        }
        let implied = try await implications()
        return try await change { db in
            guard try db.find(User.self, key: .id(draft.trust.trusteeID)) != nil else {
                throw Self.notFound("user", draft.trust.trusteeID.text)
            }
            let chain = try caller.trustID.map { try TrustQueries.chain($0, db) } ?? []
            guard caller.trustID == nil || !chain.isEmpty else { throw Self.forbidden("The trust is gone") }
            var trust = draft.trust
            let trustor = chain.last?.trustorID ?? trust.trustorID
            trust.roles = try JSONText(try Self.roles(of: draft, held: trustor, implied, db))
            try Self.limit(&trust, draft, under: chain)
            try db.insert(trust)
            return trust
        }
    }

    private static func forbidden(_ reason: String) -> CloudError {
        CloudError(.forbidden, "You are not authorized to perform the requested action: \(reason).")
    }

    /// The roles that a trust names, each of which its trustor has in the project.
    private static func roles(
        of draft: TrustDraft, held trustor: UserID, _ implications: [(prior: RoleID, implied: RoleID)],
        _ db: any Connection
    ) throws -> [String] {
        var held: Set<RoleID> = []
        if let project = draft.trust.projectID {
            guard try db.find(Project.self, key: .id(project)) != nil else { throw notFound("project", project.text) }
            held = Set(try GrantQueries.roles(of: trustor, on: .project, project.text, db).map(\.id))
            var open = Array(held)
            while let prior = open.popLast() {
                for pair in implications where pair.prior == prior && held.insert(pair.implied).inserted {
                    open.append(pair.implied)
                }
            }
        }
        let known = try GrantQueries.roles(held, db)
        let wanted = try draft.roles.map { reference in
            switch reference {
            case .id(let id):
                guard held.contains(id) else { throw notFound("role", id.text) }
                return id.text
            case .name(let name):
                guard let role = known.first(where: { $0.name == name }) else { throw notFound("role", name) }
                return role.id.text
            }
        }
        return Set(wanted).sorted()
    }

    /// How far a trust reaches: how often it is used, and how many trusts may follow it.
    private static func limit(_ trust: inout Trust, _ draft: TrustDraft, under chain: [Trust]) throws {
        let asked = draft.redelegationCount ?? deepest
        let goesOn = draft.allowsRedelegation && asked > 0
        guard !goesOn || asked <= deepest else {
            throw CloudError(
                .forbidden, "Requested redelegation depth of \(asked) is greater than allowed \(deepest)")
        }
        guard !goesOn || trust.remainingUses == nil else {
            throw CloudError.badRequest("remaining_uses must not be set if redelegation is allowed")
        }
        trust.redelegationCount = goesOn ? asked : 0
        guard let parent = chain.first else { return }
        let left = parent.redelegationCount - 1
        guard !goesOn || draft.redelegationCount == nil || asked == left else {
            throw CloudError(
                .forbidden,
                "Modifying \"redelegation_count\" upon redelegation is forbidden. Omitting this parameter is advised.")
        }
        for above in chain { try check(&trust, under: above) }
        trust.redelegationCount = goesOn ? left : 0
        trust.redelegatedTrustID = parent.id
    }

    private static func check(_ trust: inout Trust, under above: Trust) throws {
        let reason: String? =
            if !(1...deepest).contains(above.redelegationCount) {
                "Remaining redelegation depth of \(above.redelegationCount) out of allowed range of [0..\(deepest)]"
            } else if trust.remainingUses != nil {
                #"Field "remaining_uses" must not be set in order to redelegate a trust"#
            } else if let latest = above.expiresAt, let asked = trust.expiresAt, asked > latest {
                "Requested expiration time is more than redelegated trust can provide"
            } else if try !Set(trust.roles.value()).isSubset(of: above.roles.value()) {
                "Some of requested roles are not in redelegated trust"
            } else if trust.isImpersonating, !above.isImpersonating {
                "Impersonation is not allowed because redelegated trust does not specify impersonation. "
                    + "Redelegated trust id: \(above.id)"
            } else if trust.projectID != above.projectID {
                "The project is not the one of the redelegated trust"
            } else {
                nil
            }
        if let reason { throw CloudError(.forbidden, reason) }
        trust.expiresAt = trust.expiresAt ?? above.expiresAt
    }

    /// Those that were made under it go with it.
    package func deleteTrust(_ id: TrustID) async throws {
        try await change { _ = try $0.delete(Trust.self, key: .id(id)) }
    }
}
