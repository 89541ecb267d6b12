import HostProtocol
import Model
import Store
import Workflow

/// Telling hosts what to do once.
enum HostCommands {
    /// The command has its workflow's id, so that a step that runs again finds it.
    static func give(
        _ action: HostCommandAction, _ arguments: [String: String] = [:], on server: ServerID,
        by workflow: WorkflowRecord, now: Timestamp, _ db: any Connection
    ) throws {
        guard let placement = try ServerPlacementQueries.current(of: server, db) else {
            throw CloudError(.conflict, "Server \(server) is on no host.")
        }
        try db.insertIfAbsent(
            HostCommand(
                id: id(of: workflow), hostID: placement.hostID, serverID: server, action: action,
                arguments: try JSONText(arguments), sequence: try HostFeedQueries.next(of: placement.hostID, db),
                requestID: workflow.requestID, updatedAt: now))
    }

    /// What was given, as the host last told of it; throws what it failed of.
    static func given(by workflow: WorkflowRecord, _ db: any Connection) throws -> HostCommand? {
        let command = try db.find(HostCommand.self, key: .id(id(of: workflow)))
        if let failure = command?.failure { throw try HostFailure.error(failure) }
        return command
    }

    /// Whether the host has carried it out; throws what it failed of.
    static func isDone(_ workflow: WorkflowRecord, _ db: any Connection) throws -> Bool {
        try given(by: workflow, db)?.state == .done
    }

    static func cancel(of server: ServerID, because why: String, now: Timestamp, _ db: any Connection) throws {
        let failure = try JSONText(HostFailure(message: why, detail: "cancelled")).raw
        try HostCommandQueries.cancelAll(of: server, failure: failure, now: now, db)
    }

    /// What a host says of a command; the end of one that has ended changes nothing.
    static func answered(
        _ answer: CommandReport, on host: HostID, now: Timestamp, _ db: any Connection
    ) throws {
        guard var command = try db.find(HostCommand.self, key: .id(answer.id)),
            command.hostID == host, !command.state.isEnd
        else { return }
        // A command that is being cancelled shows that until its end.
        if command.state != .cancelling || answer.state.isEnd { command.state = answer.state }
        command.progress = min(max(answer.progress, 0), 100)
        command.result = try answer.result.map { try JSONText($0) }
        command.failure = try answer.failure.map { try JSONText($0).raw }
        command.updatedAt = now
        // They may hold what nobody is to read later.
        if command.state.isEnd { command.arguments = JSONText(raw: "{}") }
        try db.update(command)
        if command.action == .snapshot { try SnapshotProgress.show(command, now: now, db) }
    }

    private static func id(of workflow: WorkflowRecord) -> HostCommandID { HostCommandID(workflow.id.text) }
}

extension DesiredCommand {
    init(_ command: HostCommand) throws {
        self.init(
            id: command.id, serverID: command.serverID, action: command.action,
            arguments: try command.arguments.value(), isCancelled: command.state == .cancelling,
            requestID: command.requestID)
    }
}

extension HostFailure {
    /// A failure as its row has it, as the error of whoever waits.
    static func error(_ text: String) throws -> CloudError {
        let failure = try JSONText<HostFailure>(raw: text).value()
        return CloudError(.internal, failure.message, detail: failure.detail)
    }
}
