/// Keystone's records: who may ask for what.
package struct Domain: Sendable, Equatable {
    package var id: DomainID
    package var name: String
    package var description: String = ""
    package var enabled: Bool = true

    /// Keystone's fixed id of the first domain.
    package static let defaultID = DomainID("default")
    package var tags: JSONText<[String]> = JSONText(raw: "[]")
    package var options: String = "{}"
    /// What only clients know the meaning of, a JSON object.
    package var extra: String = "{}"
    /// Raised by disabling: tokens of an older epoch are refused.
    package var epoch: Int = 0

    package init(
        id: DomainID, name: String, description: String = "", enabled: Bool = true,
        tags: JSONText<[String]> = JSONText(raw: "[]"), options: String = "{}", extra: String = "{}", epoch: Int = 0
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.enabled = enabled
        self.tags = tags
        self.options = options
        self.extra = extra
        self.epoch = epoch
    }
}

package struct Project: Sendable, Equatable {
    package var id: ProjectID
    package var name: String
    package var domainID: DomainID
    package var description: String = ""
    package var enabled: Bool = true
    /// `nil` right below the domain.
    package var parentID: ProjectID?
    package var tags: JSONText<[String]> = JSONText(raw: "[]")
    package var options: String = "{}"
    /// What only clients know the meaning of, a JSON object.
    package var extra: String = "{}"
    /// Raised by disabling: tokens of an older epoch are refused.
    package var epoch: Int = 0

    package init(
        id: ProjectID, name: String, domainID: DomainID, description: String = "", enabled: Bool = true,
        parentID: ProjectID? = nil, tags: JSONText<[String]> = JSONText(raw: "[]"), options: String = "{}",
        extra: String = "{}", epoch: Int = 0
    ) {
        self.id = id
        self.name = name
        self.domainID = domainID
        self.description = description
        self.enabled = enabled
        self.parentID = parentID
        self.tags = tags
        self.options = options
        self.extra = extra
        self.epoch = epoch
    }
}

package struct User: Sendable, Equatable {
    package var id: UserID
    package var name: String
    package var domainID: DomainID
    package var defaultProjectID: ProjectID?
    package var email: String?
    package var description: String?
    package var enabled: Bool = true
    /// `scrypt$N$salt$hash`; never leaves the identity service.
    package var passwordHash: String?
    /// Raised by a password change and by disabling: tokens of an older epoch are refused.
    package var epoch: Int = 0
    package var options: String = "{}"
    /// What only clients know the meaning of, a JSON object.
    package var extra: String = "{}"

    package init(
        id: UserID, name: String, domainID: DomainID, defaultProjectID: ProjectID? = nil, email: String? = nil,
        description: String? = nil, enabled: Bool = true, passwordHash: String? = nil, epoch: Int = 0,
        options: String = "{}", extra: String = "{}"
    ) {
        self.id = id
        self.name = name
        self.domainID = domainID
        self.defaultProjectID = defaultProjectID
        self.email = email
        self.description = description
        self.enabled = enabled
        self.passwordHash = passwordHash
        self.epoch = epoch
        self.options = options
        self.extra = extra
    }
}

package struct Role: Sendable, Equatable {
    package var id: RoleID
    package var name: String
    package var description: String?
    /// Roles of a domain are in no token; what they imply is.
    package var domainID: DomainID?
    package var options: String = "{}"
    /// What only clients know the meaning of, a JSON object.
    package var extra: String = "{}"

    package init(
        id: RoleID, name: String, description: String? = nil,
        domainID: DomainID? = nil, options: String = "{}", extra: String = "{}"
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.domainID = domainID
        self.options = options
        self.extra = extra
    }
}

/// One role of one user on one project, domain or the whole system.
package struct RoleAssignment: Sendable, Equatable, Hashable {
    package enum Target: String, Sendable { case project, domain, system }

    /// The natural key of the four below, so that a repeated grant is one row.
    package var key: String {
        "\(userID)/\(target.rawValue)/\(targetID)/\(roleID)\(isInherited ? "/inherited" : "")"
    }
    package var userID: UserID
    package var target: Target
    /// `all` for the system.
    package var targetID: String
    package var roleID: RoleID
    /// Whether it is one on all projects below the target, and not on the target.
    package var isInherited: Bool = false

    package init(
        userID: UserID, target: Target, targetID: String, roleID: RoleID,
        isInherited: Bool = false
    ) {
        self.userID = userID
        self.target = target
        self.targetID = targetID
        self.roleID = roleID
        self.isInherited = isInherited
    }
}

package struct CatalogService: Sendable, Equatable {
    package var id: CatalogServiceID
    package var type: String
    package var name: String
    package var description: String = ""
    package var enabled: Bool = true
    /// What only clients know the meaning of, a JSON object.
    package var extra: String = "{}"

    package init(
        id: CatalogServiceID, type: String, name: String, description: String = "", enabled: Bool = true,
        extra: String = "{}"
    ) {
        self.id = id
        self.type = type
        self.name = name
        self.description = description
        self.enabled = enabled
        self.extra = extra
    }
}

package struct Endpoint: Sendable, Equatable {
    package var id: EndpointID
    package var serviceID: CatalogServiceID
    /// `public`, `internal` or `admin`.
    package var interface: String
    package var url: String
    /// Empty where it is in none.
    package var regionID: String
    package var enabled: Bool = true
    /// What only clients know the meaning of, a JSON object.
    package var extra: String = "{}"

    package init(
        id: EndpointID, serviceID: CatalogServiceID, interface: String, url: String, regionID: String,
        enabled: Bool = true,
        extra: String = "{}"
    ) {
        self.id = id
        self.serviceID = serviceID
        self.interface = interface
        self.url = url
        self.regionID = regionID
        self.enabled = enabled
        self.extra = extra
    }
}

package struct Region: Sendable, Equatable {
    package var id: String
    package var description: String = ""
    package var parentID: String?
    /// What only clients know the meaning of, a JSON object.
    package var extra: String = "{}"

    package init(
        id: String, description: String = "",
        parentID: String? = nil, extra: String = "{}"
    ) {
        self.id = id
        self.description = description
        self.parentID = parentID
        self.extra = extra
    }
}

package struct UserGroup: Sendable, Equatable {
    package var id: UserGroupID
    package var name: String
    package var domainID: DomainID
    package var description: String
    package var extra: String

    package init(
        id: UserGroupID, name: String, domainID: DomainID, description: String = "", extra: String = "{}"
    ) {
        self.id = id
        self.name = name
        self.domainID = domainID
        self.description = description
        self.extra = extra
    }
}

/// One role of all members of a group.
package struct GroupAssignment: Sendable, Equatable {
    package var key: String {
        "\(groupID)/\(target.rawValue)/\(targetID)/\(roleID)\(isInherited ? "/inherited" : "")"
    }
    package var groupID: UserGroupID
    package var target: RoleAssignment.Target
    package var targetID: String
    package var roleID: RoleID
    package var isInherited: Bool

    package init(
        groupID: UserGroupID, target: RoleAssignment.Target, targetID: String, roleID: RoleID,
        isInherited: Bool = false
    ) {
        self.groupID = groupID
        self.target = target
        self.targetID = targetID
        self.roleID = roleID
        self.isInherited = isInherited
    }
}

/// Some of a user's roles on a project, for programs that shall not know the user's password.
package struct ApplicationCredential: Sendable, Equatable {
    package var id: ApplicationCredentialID
    package var userID: UserID
    package var projectID: ProjectID
    package var name: String
    package var description: String?
    package var secretHash: String
    package var roles: JSONText<[String]>
    /// Whether its tokens may make further credentials.
    package var isUnrestricted: Bool
    package var expiresAt: Timestamp?

    package init(
        id: ApplicationCredentialID, userID: UserID, projectID: ProjectID, name: String, description: String? = nil,
        secretHash: String = "", roles: JSONText<[String]> = JSONText(raw: "[]"), isUnrestricted: Bool = false,
        expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.userID = userID
        self.projectID = projectID
        self.name = name
        self.description = description
        self.secretHash = secretHash
        self.roles = roles
        self.isUnrestricted = isUnrestricted
        self.expiresAt = expiresAt
    }
}

/// Whatever a user keeps here for a program to read.
package struct Credential: Sendable, Equatable {
    package var id: CredentialID
    package var userID: UserID
    package var projectID: ProjectID?
    package var type: String
    package var blob: String
    package var extra: String

    package init(
        id: CredentialID, userID: UserID, projectID: ProjectID? = nil, type: String, blob: String, extra: String = "{}"
    ) {
        self.id = id
        self.userID = userID
        self.projectID = projectID
        self.type = type
        self.blob = blob
        self.extra = extra
    }
}
