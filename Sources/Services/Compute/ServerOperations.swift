package import Model
import Store
import Workflow

/// Beginning an operation on a server.
extension ComputeService {
    package func start(_ id: ServerID, by caller: Caller) async throws {
        try await begin(.start, on: id, by: caller)
    }

    package func stop(_ id: ServerID, by caller: Caller) async throws {
        try await begin(.stop, on: id, by: caller)
    }

    package func reboot(_ id: ServerID, hard: Bool, by caller: Caller) async throws {
        try await begin(hard ? .rebootHard : .rebootSoft, on: id, by: caller)
    }

    /// Takes over from whatever is under way; deleting what is being deleted changes nothing.
    package func delete(_ id: ServerID, by caller: Caller) async throws {
        try await begin(.delete, on: id, by: caller)
    }

    private func begin(_ operation: ServerOperation, on id: ServerID, by caller: Caller) async throws {
        let now = clock.now()
        let lease = bells.workflows.lease(from: now)
        let (ended, begun) = try await database.transaction { db -> (WorkflowID?, [WorkflowRecord]) in
            let server = try visible(id, by: caller, db)
            if operation == .delete, server.operation == .delete { return (nil, []) }
            try OperationStart.check(operation.rule, on: server, by: caller)
            let workflow = OperationStart.workflow(
                operation.rule, on: server, input: try JSONText(OperationInput(operation: operation)).raw,
                by: caller.userID, requestID: caller.requestID, now: now, lease)
            let begun = try OperationStart.begin(workflow, operation, on: server, now: now, db)
            return (begun.ended, [begun.workflow])
        }
        bells.workflows.started(begun)
        if let ended { bells.workflows.signal(ended) }
    }
}

/// What the workflow of an operation is told beside the server's row, where that is all there is to tell.
struct OperationInput: Codable, Sendable {
    var operation: ServerOperation
}

enum OperationStart {
    /// Refuses what the state or a lock does not allow, in Nova's words.
    static func check(_ rule: OperationRule, on server: Server, by caller: Caller) throws {
        if server.isLocked, !caller.isAdmin {
            throw CloudError(.conflict, "Instance \(server.id) is locked")
        }
        let state = server.state
        guard rule.allowedFrom.contains(server.settled) else {
            throw CloudError(
                .conflict, "Cannot '\(rule.verb)' instance \(server.id) while it is in vm_state \(state.vmState)")
        }
        if let task = state.taskState, !rule.takesOver {
            throw CloudError(.conflict, "Cannot '\(rule.verb)' instance \(server.id) while it is in task_state \(task)")
        }
        if !rule.takesOver, server.hostID == nil {
            throw CloudError(.conflict, "Instance \(server.id) has no host: it was never built.")
        }
    }

    /// What takes over ends whatever is under way or waits; anything else waits for what is under way. Returns the row
    /// as it was written, and the workflow whose end it was.
    static func begin(
        _ workflow: WorkflowRecord, _ operation: ServerOperation, on old: Server, now: Timestamp, _ db: any Connection
    ) throws -> (workflow: WorkflowRecord, ended: WorkflowID?) {
        let rule = operation.rule
        let ended = rule.takesOver ? try WorkflowQueries.underWay(on: old.id, db) : nil
        if rule.takesOver {
            try WorkflowQueries.endAll(
                of: old.id, because: "The operation was ended by '\(rule.action)'.", now: now, db)
        }
        let written = try queue(workflow, on: old.id, db)
        var server = old
        server.operation = operation
        server.phase = 0
        server.workflowID = workflow.id
        server.updatedAt = now
        try db.update(server)
        return (written, ended)
    }

    /// Inserts the row: it begins at once, or when what is under way on the server has ended.
    static func queue(
        _ workflow: WorkflowRecord, on server: ServerID, _ db: any Connection
    ) throws -> WorkflowRecord {
        var workflow = workflow
        if try WorkflowQueries.underWay(on: server, db) != nil {
            workflow.awaitsTurn = true
            workflow.leaseEpoch = 0
            workflow.leaseUntil = Timestamp(microseconds: 0)
        }
        try db.insert(workflow)
        return workflow
    }

    /// With a `lease` from the intake the row must be handed over to it after its commit.
    static func workflow(
        _ rule: OperationRule, on server: Server, input: String, by user: UserID, requestID: String,
        now: Timestamp, _ lease: Timestamp
    ) -> WorkflowRecord {
        WorkflowRecord(
            id: .random(), kind: rule.kind, serverID: server.id, action: rule.action, projectID: server.projectID,
            userID: user, requestID: requestID, input: input,
            outputs: JSONText(raw: "{}"), leaseEpoch: lease.microseconds > 0 ? 1 : 0, leaseUntil: lease, wakeAt: now,
            deadline: now.advanced(seconds: rule.deadlineSeconds), createdAt: now, updatedAt: now)
    }

    /// Ends the operation under way: the server rests in `settled`.
    static func settle(
        _ id: ServerID, in settled: SettledState, now: Timestamp, _ db: any Connection,
        also change: (inout Server) throws -> Void = { _ in }
    ) throws {
        guard var server = try db.find(Server.self, key: .id(id)) else { return }
        server.settled = settled
        server.operation = nil
        server.workflowID = nil
        server.phase = 0
        server.updatedAt = now
        if settled == .active || settled == .stopped { server.fault = nil }
        try change(&server)
        try db.update(server)
    }
}
