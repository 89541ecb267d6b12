/// A server. The row is denormalised: it holds all that a list shows, as the JSON text that a list shows.
package struct Server: Sendable, Equatable {
    package var id: ServerID
    package var projectID: ProjectID
    package var userID: UserID
    package var name: String
    package var description: String?
    package var hostname: String
    package var reservationID: String
    package var launchIndex: Int = 0

    package var settled: SettledState = .building
    package var operation: ServerOperation?
    package var phase: Int = 0
    /// Where it rests, in Nova's numbers; see `ServerState`.
    package var power: Int = 0
    package var fault: JSONText<ServerFault>?
    package var isLocked: Bool = false
    package var lockedByAdmin: Bool = false
    package var lockedReason: String?

    package var workflowID: WorkflowID?
    /// Where its current placement is, or was.
    package var hostID: HostID?
    /// As asked for; the zone of the host is shown once there is one.
    package var requestedZone: String?
    package var availabilityZone: String?
    package var flavorID: FlavorID
    package var flavor: JSONText<FlavorSnapshot>
    package var imageID: ImageID?
    package var imageProperties: JSONText<[String: String]>
    package var keyName: String?
    package var metadata: JSONText<[String: String]>
    package var tags: JSONText<[String]>
    /// The `addresses` object of the API.
    package var addresses: String = "{}"
    /// The `security_groups` list of the API.
    package var securityGroups: String = "[]"
    package var hints: String = "{}"
    package var configDrive: Bool = false
    package var accessIPv4: String?
    package var accessIPv6: String?
    package var diskConfig: String = "MANUAL"

    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var launchedAt: Timestamp?
    package var terminatedAt: Timestamp?
    package var deletedAt: Timestamp?
    /// Percent of the operation under way, where somebody tells of it.
    package var progress: Int?
    /// Of those that may have signed its image.
    package var trustedCertificates: JSONText<[String]>?

    package init(
        id: ServerID, projectID: ProjectID, userID: UserID, name: String, description: String? = nil,
        hostname: String, reservationID: String, launchIndex: Int = 0, settled: SettledState = .building,
        operation: ServerOperation? = nil, phase: Int = 0, power: Int = 0, fault: JSONText<ServerFault>? = nil,
        isLocked: Bool = false, lockedByAdmin: Bool = false, lockedReason: String? = nil,
        workflowID: WorkflowID? = nil, hostID: HostID? = nil, requestedZone: String? = nil,
        availabilityZone: String? = nil, flavorID: FlavorID,
        flavor: JSONText<FlavorSnapshot>, imageID: ImageID? = nil, imageProperties: JSONText<[String: String]>,
        keyName: String? = nil, metadata: JSONText<[String: String]>, tags: JSONText<[String]>,
        addresses: String = "{}", securityGroups: String = "[]", hints: String = "{}", configDrive: Bool = false,
        accessIPv4: String? = nil, accessIPv6: String? = nil, diskConfig: String = "MANUAL", createdAt: Timestamp,
        updatedAt: Timestamp, launchedAt: Timestamp? = nil, terminatedAt: Timestamp? = nil,
        deletedAt: Timestamp? = nil, progress: Int? = nil, trustedCertificates: JSONText<[String]>? = nil
    ) {
        self.id = id
        self.projectID = projectID
        self.userID = userID
        self.name = name
        self.description = description
        self.hostname = hostname
        self.reservationID = reservationID
        self.launchIndex = launchIndex
        self.settled = settled
        self.operation = operation
        self.phase = phase
        self.power = power
        self.fault = fault
        self.isLocked = isLocked
        self.lockedByAdmin = lockedByAdmin
        self.lockedReason = lockedReason
        self.workflowID = workflowID
        self.hostID = hostID
        self.requestedZone = requestedZone
        self.availabilityZone = availabilityZone
        self.flavorID = flavorID
        self.flavor = flavor
        self.imageID = imageID
        self.imageProperties = imageProperties
        self.keyName = keyName
        self.metadata = metadata
        self.tags = tags
        self.addresses = addresses
        self.securityGroups = securityGroups
        self.hints = hints
        self.configDrive = configDrive
        self.accessIPv4 = accessIPv4
        self.accessIPv6 = accessIPv6
        self.diskConfig = diskConfig
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.launchedAt = launchedAt
        self.terminatedAt = terminatedAt
        self.deletedAt = deletedAt
        self.progress = progress
        self.trustedCertificates = trustedCertificates
    }

    /// The host that has it; one that could not be built is on none.
    package var placedOn: HostID? { settled == .error && launchedAt == nil ? nil : hostID }

    package var state: ServerState {
        ServerState(settled: settled, operation: operation, phase: phase, power: power)
    }
}

package struct ServerFault: Codable, Sendable, Equatable {
    package var code: Int
    package var created: String
    package var message: String
    /// For administrators.
    package var details: String?

    package init(
        code: Int, created: String, message: String, details: String? = nil
    ) {
        self.code = code
        self.created = created
        self.message = message
        self.details = details
    }
}

/// What was asked for at creation and is not shown in lists: read when booting, rebuilding and by the metadata service.
package struct ServerRequest: Sendable, Equatable {
    package var serverID: ServerID
    package var image: String
    package var nics: JSONText<[RequestedNIC]>
    /// Base64, as sent.
    package var userData: String?
    package var publicKeys: JSONText<[PublicKey]>
    package var securityGroups: JSONText<[SecurityGroupID]>
    /// For the config drive and metadata service only.
    package var adminPassword: String?
    package var files: JSONText<[InjectedFile]>

    package init(
        serverID: ServerID, image: String, nics: JSONText<[RequestedNIC]>, userData: String? = nil,
        publicKeys: JSONText<[PublicKey]>, securityGroups: JSONText<[SecurityGroupID]>,
        adminPassword: String? = nil, files: JSONText<[InjectedFile]> = JSONText(raw: "[]")
    ) {
        self.serverID = serverID
        self.image = image
        self.nics = nics
        self.userData = userData
        self.publicKeys = publicKeys
        self.securityGroups = securityGroups
        self.adminPassword = adminPassword
        self.files = files
    }
}

/// A file that a guest is to find at its first boot, as its user sent it (Nova's personality).
package struct InjectedFile: Codable, Sendable, Equatable {
    /// Where the guest is to put it.
    package var path: String
    /// Base64.
    package var contents: String

    package init(path: String, contents: String) {
        self.path = path
        self.contents = contents
    }
}

package struct RequestedNIC: Codable, Sendable, Equatable {
    /// A port that exists; without it one is made in the network.
    package var portID: PortID?
    /// Where a port is made.
    package var networkID: NetworkID?
    package var fixedIP: String?
    package var tag: String?

    package init(
        portID: PortID? = nil, networkID: NetworkID? = nil, fixedIP: String? = nil, tag: String? = nil
    ) {
        self.portID = portID
        self.networkID = networkID
        self.fixedIP = fixedIP
        self.tag = tag
    }
}
