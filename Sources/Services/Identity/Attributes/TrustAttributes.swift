package import Attributes
package import Model
import Wire

/// What a body says of a trust.
package struct TrustDraft: Sendable {
    package var trust: Trust
    package var roles: [IdentityService.RoleReference] = []
    package var allowsRedelegation = false
    package var redelegationCount: Int?

    package init(_ trust: Trust) {
        self.trust = trust
    }
}

package enum TrustAttributes {
    package static let table = AttributeTable<TrustDraft>(
        "trust", "trusts", table: "trusts", wording: .identity, extras: StandardAttributes.extras(\.trust.extra),
        people + limits)

    private static let people: [Attribute<TrustDraft>] = [
        Attribute("id", .text(1...64), .column("id")),
        Attribute("links", .object, .link("OS-TRUST/trusts")),
        Attribute(
            "trustor_user_id", .text(1...64), .column("trustor_user_id"), create: .anyone, required: true,
            filter: .equal
        ) { $0.trust.trustorID = UserID($1.text) },
        Attribute(
            "trustee_user_id", .text(1...64), .column("trustee_user_id"), create: .anyone, required: true,
            filter: .equal
        ) { $0.trust.trusteeID = UserID($1.text) },
        Attribute(
            "project_id", .text(1...64), .column("project_id"), create: .anyone, null: .none, filter: .equal
        ) { $0.trust.projectID = $1.optionalText.map { ProjectID($0) } },
        Attribute(
            "impersonation", .boolean, .column("impersonation"), create: .anyone, required: true, filter: .equal
        ) { $0.trust.isImpersonating = $1.flag },
        Attribute("roles", roles, .nowhere, create: .anyone, shown: .never) { draft, value in
            draft.roles = value.items.map { item in
                item["id"].map { .id(RoleID($0.text)) } ?? .name(item["name"]?.text ?? "")
            }
        },
    ]

    private static let limits: [Attribute<TrustDraft>] = [
        Attribute("expires_at", time, .derived("expires_at", shown), create: .anyone, null: .none) {
            $0.trust.expiresAt = Timestamp(iso8601: $1.text)
        },
        Attribute(
            "remaining_uses", .integer(1...Int(Int32.max)), .column("remaining_uses"), create: .anyone, null: .none
        ) { $0.trust.remainingUses = $1.number },
        Attribute("allow_redelegation", .boolean, .nowhere, create: .anyone, null: .absent, shown: .never) {
            $0.allowsRedelegation = $1.flag
        },
        Attribute(
            "redelegation_count", .integer(0...Int(Int32.max)), .column("redelegation_count"), create: .anyone,
            null: .absent
        ) { $0.redelegationCount = $1.number },
        Attribute(
            "redelegated_trust_id", .text(1...64), .column("redelegated_trust_id"), create: .anyone, null: .absent
        ) { $0.trust.redelegatedTrustID = TrustID($1.text) },
        Attribute("deleted_at", .text(0...0), .constant("null")),
    ]

    /// Each is named by its id or by its name.
    private static let roles = AttributeType.checked(.list(of: .object)) { value throws(AttributeFault) in
        for item in value.items {
            guard case .object(let members) = item, members.count == 1, ["id", "name"].contains(members[0].key) else {
                throw AttributeFault("a role is named by its id or by its name, and by one of them")
            }
            _ = try AttributeType.text(1...255).converted(members[0].value, lenient: false)
        }
        return value
    }

    private static let time = AttributeType.checked(.text(0...64)) { value throws(AttributeFault) in
        guard Timestamp(iso8601: value.text) != nil else {
            throw AttributeFault("\(value.brief) is no time in ISO 8601")
        }
        return value
    }

    @Sendable
    private static func shown(_ text: String) -> String? {
        Int64(text).map { Timestamp(microseconds: $0).iso8601(.microseconds) }
    }
}
