package import Attributes
package import Model
import Wire

package enum UserAttributes {
    package static let table = AttributeTable<User>(
        "user", "users", table: "users", wording: .identity, extras: StandardAttributes.extras(\.extra), attributes)

    private static let attributes: [Attribute<User>] =
        StandardAttributes.identity("users") { $0.id.text } + [
            StandardAttributes.name(255, \.name),
            StandardAttributes.domain(),
            StandardAttributes.enabled(\.enabled),
            Attribute(
                "default_project_id", .text(1...64), .column("default_project_id"), create: .anyone, change: .anyone,
                null: .none, shown: .whereSet
            ) { $0.defaultProjectID = $1.optionalText.map { ProjectID($0) } },
            Attribute(
                "email", .text(0...255), .column("email"), create: .anyone, change: .anyone, null: .none,
                shown: .whereSet
            ) { $0.email = $1.optionalText },
            Attribute(
                "description", .text(0...65_535), .column("description"), create: .anyone, change: .anyone,
                null: .none, shown: .whereSet
            ) { $0.description = $1.optionalText },
            Attribute(
                "password", .text(0...4096), .nowhere, create: .anyone, change: .anyone, null: .none, shown: .never),
            Attribute("password_expires_at", .time, .constant("null")),
            Attribute("federated", federated, .nowhere, create: .anyone, change: .anyone, shown: .never),
            StandardAttributes.options(of: options, \.options),
        ]

    /// There are no identity providers to be known to.
    private static let federated = AttributeType.checked(.list(of: .object)) { value throws(AttributeFault) in
        guard value.items.isEmpty else { throw AttributeFault("this cloud knows no identity provider") }
        return value
    }

    private static let options: [String: AttributeType] = [
        "ignore_change_password_upon_first_use": .boolean, "ignore_password_expiry": .boolean,
        "ignore_lockout_failure_attempts": .boolean, "lock_password": .boolean, "ignore_user_inactivity": .boolean,
        "multi_factor_auth_enabled": .boolean,
        "multi_factor_auth_rules": .list(
            of: .checked(.list(of: .text(1...255))) { value throws(AttributeFault) in
                guard !value.items.isEmpty, Set(value.texts).count == value.items.count else {
                    throw AttributeFault("a rule is a list of different methods")
                }
                return value
            }),
    ]
}

package enum GroupAttributes {
    package static let table = AttributeTable<UserGroup>(
        "group", "groups", table: "user_groups", wording: .identity, extras: StandardAttributes.extras(\.extra),
        attributes)

    private static let attributes: [Attribute<UserGroup>] =
        StandardAttributes.identity("groups") { $0.id.text } + [
            StandardAttributes.name(255, \.name),
            StandardAttributes.domain(),
            StandardAttributes.description(\.description),
        ]
}

/// Credentials that are only kept; what they mean is their owner's affair.
package enum CredentialAttributes {
    package static let table = AttributeTable<Credential>(
        "credential", "credentials", table: "credentials", wording: .identity,
        extras: StandardAttributes.extras(\.extra), attributes)

    private static let attributes: [Attribute<Credential>] =
        StandardAttributes.identity("credentials") { $0.id.text } + [
            Attribute(
                "user_id", .text(1...64), .column("user_id"), create: .anyone, required: true, filter: .equal
            ) { $0.userID = UserID($1.text) },
            Attribute(
                "project_id", .text(1...64), .column("project_id"), create: .anyone, null: .none, filter: .equal
            ) { $0.projectID = $1.optionalText.map { ProjectID($0) } },
            Attribute(
                "type", .text(1...255), .column("type"), create: .anyone, required: true, filter: .equal
            ) { $0.type = $1.text },
            Attribute(
                "blob", .text(0...65_535), .column("blob"), create: .anyone, change: .anyone, required: true
            ) { $0.blob = $1.text },
        ]
}
