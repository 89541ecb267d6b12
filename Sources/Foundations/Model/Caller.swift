/// Who asks, after the token was checked.
package struct Caller: Sendable, Equatable {
    package enum Scope: Sendable, Hashable {
        case unscoped
        case project(ProjectID)
        case domain(DomainID)
        case system
    }

    /// What the token was got by, beside the user's own credentials.
    package enum Delegation: Sendable, Equatable {
        case none
        case applicationCredential
        case trust(TrustID)
    }

    package var userID: UserID
    package var scope: Scope
    /// Role names, with implied ones.
    package var roles: Set<String>
    /// `req-` and a UUID; every log line of the request carries it.
    package var requestID: String
    /// Whether the token may not be used to make further credentials.
    package var isRestricted: Bool
    package var delegation: Delegation

    package init(
        userID: UserID, scope: Scope, roles: Set<String>, requestID: String, isRestricted: Bool = false,
        delegation: Delegation = .none
    ) {
        self.userID = userID
        self.scope = scope
        self.roles = roles
        self.requestID = requestID
        self.isRestricted = isRestricted
        self.delegation = delegation
    }

    /// The trust under which the token was given.
    package var trustID: TrustID? {
        if case .trust(let id) = delegation { id } else { nil }
    }

    package var isAdmin: Bool { roles.contains("admin") }

    /// The project of the token, or an error that says how to get one.
    package func project() throws(CloudError) -> ProjectID {
        guard case .project(let id) = scope else {
            throw CloudError(.forbidden, "This request needs a token scoped to a project; yours is not.")
        }
        return id
    }

    /// Whether the caller may see or change what belongs to `owner`.
    package func owns(_ owner: ProjectID) -> Bool {
        isAdmin || scope == .project(owner)
    }
}

/// The least a caller must be, in Keystone's chain of roles.
package enum AccessLevel: String, Sendable, CaseIterable {
    /// No token at all.
    case anyone
    /// Any valid token.
    case authenticated
    case reader, member, manager, admin
    /// Another OpenStack service, or an administrator.
    case serviceOrAdmin

    package func admits(_ caller: Caller) -> Bool {
        switch self {
        case .anyone, .authenticated: true
        case .reader: !caller.roles.isDisjoint(with: ["reader", "member", "manager", "admin"])
        case .member: !caller.roles.isDisjoint(with: ["member", "manager", "admin"])
        case .manager: !caller.roles.isDisjoint(with: ["manager", "admin"])
        case .admin: caller.isAdmin
        case .serviceOrAdmin: !caller.roles.isDisjoint(with: ["service", "admin"])
        }
    }
}
