/// What one user lets another do in a project.
package struct Trust: Sendable, Equatable {
    package var id: TrustID
    package var trustorID: UserID
    package var trusteeID: UserID
    package var projectID: ProjectID?
    /// Whether the trustee is taken for the trustor.
    package var isImpersonating: Bool
    package var roles: JSONText<[String]>
    package var expiresAt: Timestamp?
    /// How many tokens it still gives; `nil` where nobody counts.
    package var remainingUses: Int?
    /// How many further trusts may follow one another from here.
    package var redelegationCount: Int
    /// The trust under which it was made.
    package var redelegatedTrustID: TrustID?
    package var extra: String

    package init(
        id: TrustID, trustorID: UserID, trusteeID: UserID, projectID: ProjectID? = nil, isImpersonating: Bool = false,
        roles: JSONText<[String]> = JSONText(raw: "[]"), expiresAt: Timestamp? = nil, remainingUses: Int? = nil,
        redelegationCount: Int = 0, redelegatedTrustID: TrustID? = nil, extra: String = "{}"
    ) {
        self.id = id
        self.trustorID = trustorID
        self.trusteeID = trusteeID
        self.projectID = projectID
        self.isImpersonating = isImpersonating
        self.roles = roles
        self.expiresAt = expiresAt
        self.remainingUses = remainingUses
        self.redelegationCount = redelegationCount
        self.redelegatedTrustID = redelegatedTrustID
        self.extra = extra
    }
}
