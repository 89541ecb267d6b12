/// A server on a host: what the host should make of it, and what it saw. A server that moves has two.
package struct ServerPlacement: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        case current
        /// It is on its way there, or comes from there.
        case target, source
        /// The host is to take it away, and has not said that it did.
        case leaving
    }

    package var serverID: ServerID
    package var hostID: HostID
    package var role: Role
    /// Who holds the claim on the host, as in `allocations`; `nil` once it is given back.
    package var consumerID: String?
    /// Of the document. It is the number in the host's feed under which the document was written, so that it grows
    /// even when the server comes back to a host.
    package var epoch: Int64 = 0
    /// The number in the host's feed.
    package var sequence: Int64 = 0
    /// A `DesiredServer`, JSON; `nil` as long as the host was told nothing.
    package var document: String?
    package var observedEpoch: Int64 = 0
    package var observedPower: GuestPower = .unknown
    /// Why the document was not reached, a `HostFailure`, JSON.
    package var failure: String?
    /// Of the newest start, a `StartMoments`, JSON.
    package var moments: String?
    /// When the guest first asked for its metadata since.
    package var metadataAt: Timestamp?

    package init(
        serverID: ServerID, hostID: HostID, role: Role, consumerID: String?, epoch: Int64 = 0, sequence: Int64 = 0,
        document: String? = nil, observedEpoch: Int64 = 0, observedPower: GuestPower = .unknown,
        failure: String? = nil, moments: String? = nil, metadataAt: Timestamp? = nil
    ) {
        self.serverID = serverID
        self.hostID = hostID
        self.role = role
        self.consumerID = consumerID
        self.epoch = epoch
        self.sequence = sequence
        self.document = document
        self.observedEpoch = observedEpoch
        self.observedPower = observedPower
        self.failure = failure
        self.moments = moments
        self.metadataAt = metadataAt
    }

    /// Whether the host has answered its newest document.
    package var isAnswered: Bool { document != nil && observedEpoch >= epoch }

    /// What the host has said, without the document that it answers.
    package struct Observed: Sendable, Equatable {
        package var hostID: HostID
        package var role: Role
        package var epoch: Int64
        package var hasDocument: Bool
        package var observedEpoch: Int64
        package var power: GuestPower
        package var failure: String?

        package init(
            hostID: HostID, role: Role, epoch: Int64, hasDocument: Bool, observedEpoch: Int64, power: GuestPower,
            failure: String?
        ) {
            self.hostID = hostID
            self.role = role
            self.epoch = epoch
            self.hasDocument = hasDocument
            self.observedEpoch = observedEpoch
            self.power = power
            self.failure = failure
        }

        package var isAnswered: Bool { hasDocument && observedEpoch >= epoch }
    }
}
