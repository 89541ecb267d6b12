/// A durable operation, and at the same time the instance action that users read.
package struct WorkflowRecord: Sendable, Equatable {
    package enum Direction: String, Sendable { case forward, unwinding }
    package enum Outcome: String, Sendable { case succeeded = "Success", failed = "Error" }

    /// The output with what administrators may read of a failure.
    package static let detailsOutput = "details"
    /// The output with the `CloudError.Kind` of a failure.
    package static let failureKindOutput = "failure-kind"

    package var id: WorkflowID
    /// The name in the registry, such as `build-server`.
    package var kind: String
    package var serverID: ServerID?
    /// The action's name for users, such as `create`.
    package var action: String
    package var projectID: ProjectID
    /// Empty for what nobody has asked for.
    package var userID: UserID
    package var requestID: String
    package var input: String = "{}"
    /// What steps have found out so far, by name.
    package var outputs: JSONText<[String: String]>
    /// The step that is due, by name; empty for the first.
    package var step: String = ""
    package var direction: Direction = .forward
    package var attempt: Int = 0
    /// Grows with each lease; a runner whose epoch is older cannot commit.
    package var leaseEpoch: Int64 = 0
    package var leaseUntil: Timestamp = Timestamp(microseconds: 0)
    package var wakeAt: Timestamp
    /// A step that is not done by then fails; unwinding has none.
    package var deadline: Timestamp
    /// How often something that the workflow waits for has happened; a nap that missed one is cut short.
    package var signals: Int = 0
    /// In words for users: what failed, or, of what nobody has asked for, why it happened.
    package var failure: String?
    package var outcome: Outcome?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var finishedAt: Timestamp?
    /// Another workflow of the server is under way; this one begins when those before it have ended.
    package var awaitsTurn: Bool = false

    package init(
        id: WorkflowID, kind: String, serverID: ServerID? = nil, action: String, projectID: ProjectID,
        userID: UserID, requestID: String, input: String = "{}", outputs: JSONText<[String: String]>, step: String = "",
        direction: Direction = .forward, attempt: Int = 0, leaseEpoch: Int64 = 0,
        leaseUntil: Timestamp = Timestamp(microseconds: 0), wakeAt: Timestamp, deadline: Timestamp, signals: Int = 0,
        failure: String? = nil, outcome: Outcome? = nil, createdAt: Timestamp, updatedAt: Timestamp,
        finishedAt: Timestamp? = nil, awaitsTurn: Bool = false
    ) {
        self.id = id
        self.kind = kind
        self.serverID = serverID
        self.action = action
        self.projectID = projectID
        self.userID = userID
        self.requestID = requestID
        self.input = input
        self.outputs = outputs
        self.step = step
        self.direction = direction
        self.attempt = attempt
        self.leaseEpoch = leaseEpoch
        self.leaseUntil = leaseUntil
        self.wakeAt = wakeAt
        self.deadline = deadline
        self.signals = signals
        self.failure = failure
        self.outcome = outcome
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.finishedAt = finishedAt
        self.awaitsTurn = awaitsTurn
    }
}
