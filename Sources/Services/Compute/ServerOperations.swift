import HostProtocol
package import Model
import Store
import Workflow

extension ComputeService {
    /// Begins an operation of which its name says all. Deleting what is being deleted changes nothing.
    package func begin(_ operation: ServerOperation, on id: ServerID, by caller: Caller) async throws {
        try await begin(operation, on: id, by: caller) { server, _, _ -> Beginning<OperationInput>? in
            if operation == .delete, server.operation == .delete { return nil }
            return Beginning(input: OperationInput(operation: operation))
        }
    }

    /// The frame of all operations with a workflow: one transaction looks at the server, lets `prepare` change its row
    /// and take what goes with it, and begins. `prepare` returns `nil` where nothing is to be done. Returns the
    /// workflow.
    @discardableResult
    func begin<Input>(
        _ operation: ServerOperation, on id: ServerID, by caller: Caller,
        _ prepare: @escaping @Sendable (inout Server, Timestamp, any Connection) throws -> Beginning<Input>?
    ) async throws -> WorkflowID? {
        let now = clock.now()
        let lease = bells.workflows.lease(from: now)
        let (id, told) = try await database.transaction { [bells] db -> (WorkflowID?, Told) in
            var server = try visible(id, by: caller, db)
            try OperationStart.check(operation.rule, on: server, by: caller)
            let old = server
            guard let beginning = try prepare(&server, now, db) else { return (nil, {}) }
            try db.update(server, from: old)
            let workflow = OperationStart.workflow(
                operation.rule, on: server, input: try JSONText(beginning.input).raw, by: caller.userID,
                requestID: caller.requestID, now: now, lease)
            let begun = try bells.workflows.begin(workflow, operation, on: server, now: now, db)
            return (
                workflow.id,
                {
                    beginning.told()
                    bells.workflows.started([begun.workflow])
                    if let ended = begun.ended { bells.workflows.signal(ended) }
                }
            )
        }
        told()
        return id
    }

    /// Refuses what a server in another state is not asked for, in Nova's words.
    package func requireState(
        _ states: Set<SettledState>, of id: ServerID, for verb: String, by caller: Caller
    ) async throws {
        let state = try await server(id, by: caller)
        guard states.contains(state.settled) else {
            throw CloudError(
                .conflict, "Cannot '\(verb)' instance \(id) while it is in vm_state \(state.state.vmState)")
        }
    }

    /// Carries out an operation that changes the server's row and nothing else. `change` says whether there is anything
    /// to change.
    func record(
        _ operation: ServerOperation, on id: ServerID, by caller: Caller,
        _ change: @escaping @Sendable (inout Server) throws -> Bool
    ) async throws {
        let now = clock.now()
        let ended = try await database.transaction { db -> WorkflowID? in
            var server = try visible(id, by: caller, db)
            try OperationStart.check(operation.rule, on: server, by: caller)
            guard try change(&server) else { return nil }
            let ended = try OperationStart.interrupt(server, for: operation.rule, now: now, db)
            if operation.rule.interrupts == .everything {
                server.operation = nil
                server.workflowID = nil
                server.phase = 0
                server.progress = nil
            }
            server.updatedAt = now
            try db.update(server)
            var done = OperationStart.workflow(
                operation.rule, on: server, input: try JSONText(OperationInput(operation: operation)).raw,
                by: caller.userID, requestID: caller.requestID, now: now, Timestamp(microseconds: 0))
            done.outcome = .succeeded
            done.finishedAt = now
            try db.insert(done)
            return ended
        }
        if let ended { bells.workflows.signal(ended) }
    }

    /// Says that a server is well, or that it is not, whatever is under way; its guest is left as it is.
    package func resetState(_ id: ServerID, to settled: SettledState, by caller: Caller) async throws {
        try await record(.resetState, on: id, by: caller) { server in
            guard server.hostID != nil || !SettledState.placed.contains(settled) else {
                throw CloudError(
                    .conflict, "Instance \(id) has no host: it was never built, and cannot be '\(settled.rawValue)'.")
            }
            server.settled = settled
            return true
        }
    }
}

/// What an operation begins with.
struct Beginning<Input: Codable & Sendable>: Sendable {
    /// What its workflow is told beside the server's row.
    var input: Input
    /// Is carried out when the beginning is committed.
    var told: Told = {}
}

/// What the workflow of an operation is told beside the server's row, where that is all there is to tell.
struct OperationInput: Codable, Sendable {
    var operation: ServerOperation
}

enum OperationStart {
    /// Refuses what the state or a lock does not allow, in Nova's words.
    static func check(_ rule: OperationRule, on server: Server, by caller: Caller) throws {
        if server.isLocked, rule.heedsLock, !caller.isAdmin, rule.goal != .record {
            throw CloudError(.conflict, "Instance \(server.id) is locked")
        }
        let state = server.state
        guard rule.allowedFrom.contains(server.settled) else {
            throw CloudError(
                .conflict, "Cannot '\(rule.verb)' instance \(server.id) while it is in vm_state \(state.vmState)")
        }
        if let task = state.taskState, rule.goal != .record, !rule.mayInterrupt(server.operation) {
            throw CloudError(.conflict, "Cannot '\(rule.verb)' instance \(server.id) while it is in task_state \(task)")
        }
        if rule.needsHost, server.placedOn == nil {
            throw CloudError(.conflict, "Instance \(server.id) has no host: it was never built.")
        }
    }

    /// Ends what the operation may begin over, and names the workflow that had the turn. What may begin over everything
    /// ends what waits for its turn, too.
    static func interrupt(
        _ server: Server, for rule: OperationRule, now: Timestamp, _ db: any Connection
    ) throws -> WorkflowID? {
        let why = "The operation was ended by '\(rule.action)'."
        switch rule.interrupts {
        case .nothing: return nil
        case .everything:
            try HostCommands.cancel(of: server.id, because: why, now: now, db)
            try SnapshotServer.discardImages(of: server.id, now: now, db)
            let ended = try WorkflowQueries.underWay(on: server.id, db)
            try WorkflowQueries.endAll(of: server.id, because: why, now: now, db)
            return ended
        case .operations:
            guard let ended = server.workflowID else { return nil }
            try HostCommands.cancel(of: server.id, because: why, now: now, db)
            try WorkflowQueries.end(ended, because: why, now: now, db)
            return ended
        }
    }

    /// With a `lease` from the intake the row must be handed over to it after its commit.
    static func workflow(
        _ rule: OperationRule, on server: Server, input: String, by user: UserID, requestID: String,
        now: Timestamp, _ lease: Timestamp
    ) -> WorkflowRecord {
        WorkflowRecord(
            id: .ordered(at: now), kind: rule.kind, serverID: server.id, action: rule.action,
            projectID: server.projectID, userID: user, requestID: requestID, input: input,
            outputs: JSONText(raw: "{}"), leaseEpoch: lease.microseconds > 0 ? 1 : 0, leaseUntil: lease, wakeAt: now,
            deadline: now.advanced(seconds: rule.deadlineSeconds), createdAt: now, updatedAt: now)
    }

    /// Ends the operation under way: the server is in ERROR and says why.
    static func fail(_ id: ServerID, _ why: String, now: Timestamp, _ db: any Connection) throws {
        let fault = try JSONText(ServerFault(code: 500, created: now.iso8601(), message: why))
        try settle(id, in: .error, now: now, db) { $0.fault = fault }
    }

    /// Ends the operation under way: the server rests where its guest was last seen, and its document says the same, so
    /// that its host carries out no wish that was given up; where nothing was seen it rests where it was.
    static func rest(_ id: ServerID, for request: String?, now: Timestamp, _ db: any Connection) throws {
        let placement = try ServerPlacementQueries.current(of: id, db)
        let seen = placement.flatMap { DesiredPower(seen: $0.observedPower) }
        if let seen, let document = try placement?.desired(), document.power != seen {
            try HostDocuments.change(of: id, for: request, db) { $0.power = seen }
        }
        try settle(id, in: seen?.settled, now: now, db)
    }

    /// Ends the operation under way: the server rests in `settled`; `nil` where it was. Returns the row as it was.
    @discardableResult
    static func settle(
        _ id: ServerID, in settled: SettledState?, now: Timestamp, _ db: any Connection,
        also change: (inout Server) throws -> Void = { _ in }
    ) throws -> Server? {
        guard let old = try db.find(Server.self, key: .id(id)) else { return nil }
        let settled = settled ?? old.settled
        var server = old
        server.settled = settled
        server.operation = nil
        server.workflowID = nil
        server.phase = 0
        server.progress = nil
        server.updatedAt = now
        if settled != .error, settled != .deleted { server.fault = nil }
        if let seen = try ServerPlacementQueries.observed(of: id, db) { server.power = seen.power.number }
        try change(&server)
        try db.update(server, from: old)
        return old
    }
}

extension WorkflowIntake {
    /// Returns the row as it was written, and the workflow whose end it was; it waits for what else is under way.
    func begin(
        _ workflow: WorkflowRecord, _ operation: ServerOperation, on old: Server, now: Timestamp, _ db: any Connection
    ) throws -> (workflow: CarriedWorkflow, ended: WorkflowID?) {
        let ended = try OperationStart.interrupt(old, for: operation.rule, now: now, db)
        if operation.endsConsoles { try ConsoleTokenQueries.end(of: old.id, db) }
        var server = old
        server.operation = operation
        server.phase = 0
        server.progress = nil
        server.workflowID = workflow.id
        server.updatedAt = now
        try db.update(server, from: old)
        return (try queue(workflow, on: old.id, now: now, db), ended)
    }

    /// Inserts the row: it begins at once, or when what is under way on the server has ended.
    func queue(
        _ workflow: WorkflowRecord, on server: ServerID, now: Timestamp, _ db: any Connection
    ) throws -> CarriedWorkflow {
        var workflow = workflow
        if try WorkflowQueries.underWay(on: server, db) != nil {
            workflow.awaitsTurn = true
            workflow.leaseEpoch = 0
            workflow.leaseUntil = Timestamp(microseconds: 0)
        }
        let begun = try begin(workflow, at: now, db)
        try db.insert(begun.record)
        return begun
    }
}

extension OperationRule {
    fileprivate func mayInterrupt(_ operation: ServerOperation?) -> Bool {
        switch interrupts {
        case .nothing: false
        case .operations(let ended): operation.map(ended.contains) ?? true
        case .everything: true
        }
    }

    /// Whether it has to do with a guest; a server that was never built can be deleted all the same.
    fileprivate var needsHost: Bool {
        goal != .record && interrupts != .everything
            && allowedFrom.isDisjoint(with: [.shelvedOffloaded, .softDeleted])
    }
}
