/// Neutron's network.
package struct Network: Sendable, Equatable {
    package var id: NetworkID
    package var projectID: ProjectID
    package var name: String
    package var description: String = ""
    package var adminStateUp: Bool = true
    package var isShared: Bool = false
    package var isExternal: Bool = false
    package var isDefault: Bool = false
    package var portSecurityEnabled: Bool = true
    package var mtu: Int = 1500
    /// VXLAN network identifier; unique in the cloud.
    package var segmentationID: Int
    package var tags: JSONText<[String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var dnsDomain: String = ""
    package var availabilityZoneHints: JSONText<[String]> = JSONText(raw: "[]")
    package var revision: Int = 0

    package init(
        id: NetworkID, projectID: ProjectID, name: String, description: String = "", adminStateUp: Bool = true,
        isShared: Bool = false, isExternal: Bool = false, isDefault: Bool = false, portSecurityEnabled: Bool = true,
        mtu: Int = 1500, segmentationID: Int, tags: JSONText<[String]>, createdAt: Timestamp, updatedAt: Timestamp,
        dnsDomain: String = "", availabilityZoneHints: JSONText<[String]> = JSONText(raw: "[]"), revision: Int = 0
    ) {
        self.id = id
        self.projectID = projectID
        self.name = name
        self.description = description
        self.adminStateUp = adminStateUp
        self.isShared = isShared
        self.isExternal = isExternal
        self.isDefault = isDefault
        self.portSecurityEnabled = portSecurityEnabled
        self.mtu = mtu
        self.segmentationID = segmentationID
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.dnsDomain = dnsDomain
        self.availabilityZoneHints = availabilityZoneHints
        self.revision = revision
    }
}
