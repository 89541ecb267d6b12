package import Model

/// A record that Identity keeps, listed in the order of a column of its own.
package protocol IdentityRecord: KeyedRecord {
    static var order: String { get }
}

extension Domain: IdentityRecord {
    package static var table: String { "domains" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "description", "enabled", "tags", "options", "extra", "epoch",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), description: row.text(), enabled: row.bool(), tags: row.json(),
            options: row.text(), extra: row.text(), epoch: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .text(description), .bool(enabled), .text(tags.raw), .text(options), .text(extra),
            .int(epoch),
        ]
    }
}

extension Project: IdentityRecord {
    package static var table: String { "projects" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "domain_id", "description", "enabled", "parent_id", "tags", "options", "extra", "epoch",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), domainID: row.id(), description: row.text(), enabled: row.bool(),
            parentID: row.optionalID(), tags: row.json(), options: row.text(), extra: row.text(), epoch: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .id(domainID), .text(description), .bool(enabled), .id(parentID), .text(tags.raw),
            .text(options), .text(extra), .int(epoch),
        ]
    }
}

extension User: IdentityRecord {
    package static var table: String { "users" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "domain_id", "default_project_id", "email", "description", "enabled", "password_hash", "epoch",
        "options", "extra",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), domainID: row.id(), defaultProjectID: row.optionalID(),
            email: row.optionalText(), description: row.optionalText(), enabled: row.bool(),
            passwordHash: row.optionalText(), epoch: row.int(), options: row.text(), extra: row.text())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .id(domainID), .id(defaultProjectID), .text(email), .text(description),
            .bool(enabled), .text(passwordHash), .int(epoch), .text(options), .text(extra),
        ]
    }
}

extension Role: IdentityRecord {
    package static var table: String { "roles" }
    package static var order: String { "name" }
    package static let columns = ["id", "name", "description", "domain_id", "options", "extra"]
    /// The name as it is shown.
    package static let nameColumn =
        "CASE WHEN domain_id IS NULL THEN name ELSE SUBSTR(name, 1, LENGTH(name) - LENGTH(domain_id) - 1) END"
    /// Stands between a name and its domain.
    private static let separator = "\u{1f}"

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), description: row.optionalText(), domainID: row.optionalID(),
            options: row.text(), extra: row.text())
        if let domainID { name = String(name.dropLast(domainID.text.count + 1)) }
    }

    package var values: [SQLValue] {
        let unique = domainID.map { name + Self.separator + $0.text } ?? name
        return [.id(id), .text(unique), .text(description), .id(domainID), .text(options), .text(extra)]
    }
}

extension RoleAssignment: IdentityRecord {
    package static var table: String { "role_assignments" }
    package static var order: String { "key" }
    package static let columns = [
        "key", "user_id", "target", "target_id", "role_id", "inherited",
    ]

    package init(row: inout RowReader) throws {
        _ = row.text()
        self.init(
            userID: row.id(), target: try row.raw(), targetID: row.text(), roleID: row.id(), isInherited: row.bool())
    }

    package var values: [SQLValue] {
        [
            .text(key), .id(userID), .raw(target), .text(targetID), .id(roleID), .bool(isInherited),
        ]
    }
}

extension GroupAssignment: IdentityRecord {
    package static var table: String { "group_assignments" }
    package static var order: String { "key" }
    package static let columns = [
        "key", "group_id", "target", "target_id", "role_id", "inherited",
    ]

    package init(row: inout RowReader) throws {
        _ = row.text()
        self.init(
            groupID: row.id(), target: try row.raw(), targetID: row.text(), roleID: row.id(), isInherited: row.bool())
    }

    package var values: [SQLValue] {
        [
            .text(key), .id(groupID), .raw(target), .text(targetID), .id(roleID), .bool(isInherited),
        ]
    }
}

extension UserGroup: IdentityRecord {
    package static var table: String { "user_groups" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "name", "domain_id", "description", "extra",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), name: row.text(), domainID: row.id(), description: row.text(), extra: row.text())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(name), .id(domainID), .text(description), .text(extra),
        ]
    }
}

extension CatalogService: IdentityRecord {
    package static var table: String { "catalog_services" }
    package static var order: String { "type" }
    package static let columns = [
        "id", "type", "name", "description", "enabled", "extra",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), type: row.text(), name: row.text(), description: row.text(), enabled: row.bool(),
            extra: row.text())
    }

    package var values: [SQLValue] {
        [
            .id(id), .text(type), .text(name), .text(description), .bool(enabled), .text(extra),
        ]
    }
}

extension Endpoint: IdentityRecord {
    package static var table: String { "endpoints" }
    package static var order: String { "id" }
    package static let columns = [
        "id", "service_id", "interface", "url", "region_id", "enabled", "extra",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), serviceID: row.id(), interface: row.text(), url: row.text(), regionID: row.text(),
            enabled: row.bool(), extra: row.text())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(serviceID), .text(interface), .text(url), .text(regionID), .bool(enabled), .text(extra),
        ]
    }
}

extension Region: IdentityRecord {
    package static var table: String { "regions" }
    package static var order: String { "id" }
    package static let columns = [
        "id", "description", "parent_region_id", "extra",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.text(), description: row.text(), parentID: row.optionalText(), extra: row.text())
    }

    package var values: [SQLValue] {
        [
            .text(id), .text(description), .text(parentID), .text(extra),
        ]
    }
}

extension ApplicationCredential: IdentityRecord {
    package static var table: String { "application_credentials" }
    package static var order: String { "name" }
    package static let columns = [
        "id", "user_id", "project_id", "name", "description", "secret_hash", "roles", "unrestricted", "expires_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), userID: row.id(), projectID: row.id(), name: row.text(), description: row.optionalText(),
            secretHash: row.text(), roles: row.json(), isUnrestricted: row.bool(), expiresAt: row.optionalTime())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(userID), .id(projectID), .text(name), .text(description), .text(secretHash), .text(roles.raw),
            .bool(isUnrestricted), .time(expiresAt),
        ]
    }
}

extension Credential: IdentityRecord {
    package static var table: String { "credentials" }
    package static var order: String { "id" }
    package static let columns = [
        "id", "user_id", "project_id", "type", "blob", "extra",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), userID: row.id(), projectID: row.optionalID(), type: row.text(), blob: row.text(),
            extra: row.text())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(userID), .id(projectID), .text(type), .text(blob), .text(extra),
        ]
    }
}
