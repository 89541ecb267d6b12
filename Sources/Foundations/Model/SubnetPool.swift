/// Prefixes of which subnets are made.
package struct SubnetPool: Sendable, Equatable {
    package var id: SubnetPoolID
    package var projectID: ProjectID
    package var name: String
    package var description: String = ""
    package var prefixes: JSONText<[String]>
    /// 0 until the first prefix decides it.
    package var ipVersion: Int = 0
    /// -1 asks for the length that Neutron gives by default.
    package var minPrefixLength: Int = -1
    package var maxPrefixLength: Int = -1
    package var defaultPrefixLength: Int = -1
    /// How much a project may have of it: addresses of IPv4, prefixes of 64 bits of IPv6.
    package var defaultQuota: Int?
    package var isDefault: Bool = false
    package var isShared: Bool = false
    package var addressScopeID: AddressScopeID?
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var revision: Int = 0

    package init(
        id: SubnetPoolID, projectID: ProjectID, name: String, description: String = "",
        prefixes: JSONText<[String]>, ipVersion: Int = 0, minPrefixLength: Int = -1, maxPrefixLength: Int = -1,
        defaultPrefixLength: Int = -1, defaultQuota: Int? = nil, isDefault: Bool = false, isShared: Bool = false,
        addressScopeID: AddressScopeID? = nil, tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp,
        revision: Int = 0
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.description = description
        self.prefixes = prefixes
        self.ipVersion = ipVersion
        self.minPrefixLength = minPrefixLength
        self.maxPrefixLength = maxPrefixLength
        self.defaultPrefixLength = defaultPrefixLength
        self.defaultQuota = defaultQuota
        self.isDefault = isDefault
        self.isShared = isShared
        self.addressScopeID = addressScopeID
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revision = revision
    }
}

/// Subnet pools whose addresses mean the same wherever they are routed.
package struct AddressScope: Sendable, Equatable {
    package var id: AddressScopeID
    package var projectID: ProjectID
    package var name: String = ""
    package var ipVersion: Int
    package var isShared: Bool = false
    package var createdAt: Timestamp

    package init(
        id: AddressScopeID, projectID: ProjectID, name: String = "", ipVersion: Int, isShared: Bool = false,
        createdAt: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.ipVersion = ipVersion
        self.isShared = isShared
        self.createdAt = createdAt
    }
}
