/// Keystone's records: who may ask for what.
package struct Domain: Sendable, Equatable {
    package var id: DomainID
    package var name: String
    package var description: String = ""
    package var enabled: Bool = true

    /// Keystone's fixed id of the first domain.
    package static let defaultID = DomainID("default")

    package init(
        id: DomainID, name: String, description: String = "", enabled: Bool = true
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.enabled = enabled
    }
}

package struct Project: Sendable, Equatable {
    package var id: ProjectID
    package var name: String
    package var domainID: DomainID
    package var description: String = ""
    package var enabled: Bool = true

    package init(
        id: ProjectID, name: String, domainID: DomainID, description: String = "", enabled: Bool = true
    ) {
        self.id = id
        self.name = name
        self.domainID = domainID
        self.description = description
        self.enabled = enabled
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

    package init(
        id: UserID, name: String, domainID: DomainID, defaultProjectID: ProjectID? = nil, email: String? = nil,
        description: String? = nil, enabled: Bool = true, passwordHash: String? = nil, epoch: Int = 0
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
    }
}

package struct Role: Sendable, Equatable {
    package var id: RoleID
    package var name: String
    package var description: String?

    package init(
        id: RoleID, name: String, description: String? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
    }
}

/// One role of one user on one project, domain or the whole system.
package struct RoleAssignment: Sendable, Equatable, Hashable {
    package enum Target: String, Sendable { case project, domain, system }

    /// The natural key of the four below, so that a repeated grant is one row.
    package var key: String { "\(userID)/\(target.rawValue)/\(targetID)/\(roleID)" }
    package var userID: UserID
    package var target: Target
    /// `all` for the system.
    package var targetID: String
    package var roleID: RoleID

    package init(
        userID: UserID, target: Target, targetID: String, roleID: RoleID
    ) {
        self.userID = userID
        self.target = target
        self.targetID = targetID
        self.roleID = roleID
    }
}

package struct CatalogService: Sendable, Equatable {
    package var id: CatalogServiceID
    package var type: String
    package var name: String
    package var description: String = ""
    package var enabled: Bool = true

    package init(
        id: CatalogServiceID, type: String, name: String, description: String = "", enabled: Bool = true
    ) {
        self.id = id
        self.type = type
        self.name = name
        self.description = description
        self.enabled = enabled
    }
}

package struct Endpoint: Sendable, Equatable {
    package var id: EndpointID
    package var serviceID: CatalogServiceID
    /// `public`, `internal` or `admin`.
    package var interface: String
    package var url: String
    package var regionID: String
    package var enabled: Bool = true

    package init(
        id: EndpointID, serviceID: CatalogServiceID, interface: String, url: String, regionID: String,
        enabled: Bool = true
    ) {
        self.id = id
        self.serviceID = serviceID
        self.interface = interface
        self.url = url
        self.regionID = regionID
        self.enabled = enabled
    }
}

package struct Region: Sendable, Equatable {
    package var id: String
    package var description: String = ""

    package init(
        id: String, description: String = ""
    ) {
        self.id = id
        self.description = description
    }
}
