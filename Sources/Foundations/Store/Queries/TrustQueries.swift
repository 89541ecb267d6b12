package import Model

extension Trust: IdentityRecord {
    package static var table: String { "trusts" }
    package static var order: String { "id" }
    package static let columns = [
        "id", "trustor_user_id", "trustee_user_id", "project_id", "impersonation", "roles", "expires_at",
        "remaining_uses", "redelegation_count", "redelegated_trust_id", "extra",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), trustorID: row.id(), trusteeID: row.id(), projectID: row.optionalID(),
            isImpersonating: row.bool(), roles: row.json(), expiresAt: row.optionalTime(),
            remainingUses: row.optionalInt(), redelegationCount: row.int(), redelegatedTrustID: row.optionalID(),
            extra: row.text())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(trustorID), .id(trusteeID), .id(projectID), .bool(isImpersonating), .text(roles.raw),
            .time(expiresAt), .int(remainingUses), .int(redelegationCount), .id(redelegatedTrustID), .text(extra),
        ]
    }
}

package enum TrustQueries {
    /// A trust, the one that it was made under, and so on to the first; none when there is no such trust.
    package static func chain(_ id: TrustID, _ db: any Connection) throws -> [Trust] {
        var found: [Trust] = []
        var next: TrustID? = id
        while let id = next, let trust = try db.find(Trust.self, key: .id(id)) {
            found.append(trust)
            next = trust.redelegatedTrustID
        }
        return found
    }

    /// Takes one use of a trust whose uses are counted; `false` when there is none left.
    package static func use(_ id: TrustID, _ db: any Connection) throws -> Bool {
        try db.execute(
            """
            UPDATE trusts SET remaining_uses = remaining_uses - 1
            WHERE id = ?1 AND (remaining_uses IS NULL OR remaining_uses > 0)
            """,
            [.id(id)]) == 1
    }
}
