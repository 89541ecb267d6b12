package import Model

/// Something to be done once, known by its id. A host that has carried out an id answers from its record.
package struct DesiredCommand: Codable, Sendable, Equatable {
    /// The argument that names the image a host is to fill.
    package static let imageArgument = "image"
    /// Of a snapshot: a `SnapshotConsistency`, less than which is a failure.
    package static let consistencyArgument = "consistency"

    /// Whose password is set, and to what.
    package static let userArgument = "user"
    package static let passwordArgument = "password"

    package var id: HostCommandID
    package var serverID: ServerID
    package var action: HostCommandAction
    package var arguments: [String: String]
    /// Nobody wants it any more: one that has begun is ended where that is possible, and answered.
    package var isCancelled: Bool
    /// The request that wanted it, for the log of whoever handles it.
    package var requestID: String?

    package init(
        id: HostCommandID, serverID: ServerID, action: HostCommandAction, arguments: [String: String] = [:],
        isCancelled: Bool = false, requestID: String? = nil
    ) {
        self.id = id
        self.serverID = serverID
        self.action = action
        self.arguments = arguments
        self.isCancelled = isCancelled
        self.requestID = requestID
    }
}

/// How far a host is with a command.
package struct CommandReport: Codable, Sendable, Equatable {
    package var id: HostCommandID
    package var state: HostCommand.State
    /// Percent.
    package var progress: Int
    /// What it has come to, so far or in the end.
    package var result: [String: String]?
    package var failure: HostFailure?

    package init(
        id: HostCommandID, state: HostCommand.State, progress: Int = 0, result: [String: String]? = nil,
        failure: HostFailure? = nil
    ) {
        self.id = id
        self.state = state
        self.progress = progress
        self.result = result
        self.failure = failure
    }
}
