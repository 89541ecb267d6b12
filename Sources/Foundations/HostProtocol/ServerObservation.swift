package import Model

/// What a host saw of one server, under the epoch it was working for.
///
/// An observation whose epoch is lower than the server's own settles nothing.
package struct ServerObservation: Codable, Sendable, Equatable {
    package var hostID: HostID
    package var serverID: ServerID
    package var epoch: Int64
    package var power: GuestPower
    /// Of a guest that is off, where its hypervisor knows why.
    package var end: GuestEnd?
    /// Commands that have begun, and how far they are.
    package var commands: [CommandReport]
    /// Set when the host gave up on reaching the document; what it says is shown to the user as the fault.
    package var failure: HostFailure?
    /// Of the document that this answers; `nil` for what the guest did by itself.
    package var requestID: String?
    /// Of a start that was not told yet.
    package var moments: StartMoments?

    package init(
        hostID: HostID, serverID: ServerID, epoch: Int64, power: GuestPower, end: GuestEnd? = nil,
        commands: [CommandReport] = [], failure: HostFailure? = nil, requestID: String? = nil,
        moments: StartMoments? = nil
    ) {
        self.hostID = hostID
        self.serverID = serverID
        self.epoch = epoch
        self.power = power
        self.end = end
        self.commands = commands
        self.failure = failure
        self.requestID = requestID
        self.moments = moments
    }
}

package struct HostFailure: Codable, Sendable, Equatable, Error {
    /// For the user: no paths, no host names.
    package var message: String
    /// For the operator: the tool's own words.
    package var detail: String

    package init(message: String, detail: String) {
        self.message = message
        self.detail = detail
    }
}
