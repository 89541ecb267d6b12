/// A machine that runs guests: Nova's compute service, hypervisor and resource provider in one.
package struct Host: Sendable, Equatable {
    package var id: HostID
    package var hostname: String
    /// What its aggregates say, or `defaultZone`; written by whatever changes them.
    package var availabilityZone: String = defaultZone
    package var isDisabled: Bool = false
    package var disabledReason: String?
    package var isForcedDown: Bool = false
    package var lastSeenAt: Timestamp
    /// `HostInventory` as the host reported it.
    package var inventory: String
    package var createdAt: Timestamp
    /// When its agent last came up.
    package var startedAt: Timestamp?
    /// What an administrator says of its agent.
    package var agentDescription: String?
    /// What does not work on it, by part, with the reason; it gets no new servers while anything does not.
    package var troubles: JSONText<[String: String]>
    /// Nova's clients name its service and its hypervisor by this up to 2.52.
    package var number: Int

    package init(
        id: HostID, hostname: String, availabilityZone: String = defaultZone, isDisabled: Bool = false,
        disabledReason: String? = nil, isForcedDown: Bool = false, lastSeenAt: Timestamp, inventory: String,
        createdAt: Timestamp, startedAt: Timestamp? = nil, agentDescription: String? = nil,
        troubles: JSONText<[String: String]> = JSONText(raw: "{}"), number: Int
    ) {
        self.id = id
        self.hostname = hostname
        self.availabilityZone = availabilityZone
        self.isDisabled = isDisabled
        self.disabledReason = disabledReason
        self.isForcedDown = isForcedDown
        self.lastSeenAt = lastSeenAt
        self.inventory = inventory
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.agentDescription = agentDescription
        self.troubles = troubles
        self.number = number
    }

    /// The zone of hosts that no aggregate puts into another.
    package static let defaultZone = "nova"

    /// Seconds without a sign of life after which a host counts as down; Nova's `service_down_time`.
    package static let downAfterSeconds = 60.0

    package func isUp(at now: Timestamp) -> Bool {
        !isForcedDown && now.seconds(since: lastSeenAt) < Self.downAfterSeconds
    }
}
