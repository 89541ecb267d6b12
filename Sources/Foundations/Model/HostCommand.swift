/// What hosts can be told to do once.
package enum HostCommandAction: String, Sendable, Codable {
    case rebootSoft, rebootHard
    /// Copies the root disk and fills an image with it.
    case snapshot
    /// By the guest's agent.
    case setPassword
    /// A non-maskable interrupt, of which guests that are set up so make a crash dump.
    case injectNMI
    /// Public keys for a user of the guest.
    case addKeys, removeKeys
}

/// Something that a host does once, beside what should persist: the row by which it is told, and by which it answers.
package struct HostCommand: Sendable, Equatable {
    package enum State: String, Sendable, Codable {
        case waiting, running
        /// Nobody wants it any more; the host is to say how it ended.
        case cancelling
        case done, failed

        package var isEnd: Bool { self == .done || self == .failed }
    }

    package var id: HostCommandID
    package var hostID: HostID
    package var serverID: ServerID
    package var action: HostCommandAction
    package var arguments: JSONText<[String: String]>
    package var state: State = .waiting
    /// Percent.
    package var progress: Int = 0
    package var result: JSONText<[String: String]>?
    /// A `HostFailure`, JSON.
    package var failure: String?
    /// The number in the host's feed.
    package var sequence: Int64 = 0
    package var requestID: String?
    package var updatedAt: Timestamp

    package init(
        id: HostCommandID, hostID: HostID, serverID: ServerID, action: HostCommandAction,
        arguments: JSONText<[String: String]>, state: State = .waiting, progress: Int = 0,
        result: JSONText<[String: String]>? = nil, failure: String? = nil, sequence: Int64 = 0,
        requestID: String? = nil, updatedAt: Timestamp
    ) {
        self.id = id
        self.hostID = hostID
        self.serverID = serverID
        self.action = action
        self.arguments = arguments
        self.state = state
        self.progress = progress
        self.result = result
        self.failure = failure
        self.sequence = sequence
        self.requestID = requestID
        self.updatedAt = updatedAt
    }
}
