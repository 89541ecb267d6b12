import Model
import Store

/// What has happened to a workflow, as its runner saw it.
enum WorkflowEvent: Sendable {
    /// The runner has the row as it stands.
    case taken
    case ran(StepOutcome)
    case undone(StepCommit)
    /// The step threw, or its commit, or its undo.
    case failed(any Error)
    /// The runner kept it for a moment, and no signal came; its step wants to be asked after so many seconds.
    case heardNothing(seconds: Double)
}

/// What its runner does then. Rows are written under the lease that they were taken with, and refused without it.
enum WorkflowAction: Sendable {
    case run(Step)
    case undo(@Sendable (StepContext) async throws -> StepCommit)
    /// Keep it until then, for the signal of what its step waits for.
    case linger(until: Timestamp, seconds: Double)
    /// Write the row together with what the step writes; what that throws is the step's failure.
    case stepDone(WorkflowRecord, commit: @Sendable (any Connection) throws -> Told)
    case write(WorkflowWrite)
}

/// A write whose failure leaves the workflow to whoever leases it next.
enum WorkflowWrite: Sendable {
    case stepUndone(WorkflowRecord, commit: StepCommit)
    /// The first step is undone: what the unwinding comes to is asked in the same transaction.
    case conclude(WorkflowRecord, commit: StepCommit)
    /// Nobody holds it until its time.
    case nap(WorkflowRecord)
    case tryLater(WorkflowRecord, because: any Error)
    /// Its steps are undone from now on.
    case turnRound(WorkflowRecord, because: any Error)
}

/// The way of a workflow through its definition: what follows from what has happened, decided without store, clock and
/// log. It is made anew of each row.
struct WorkflowCourse: Sendable {
    let definition: WorkflowDefinition
    let record: WorkflowRecord
    let leaseSeconds: Double
    /// How long what waits may be kept before it naps; 0 where nobody listens for its signal.
    let lingerSeconds: Double

    private var position: Int? { definition.position(of: record.step) }

    /// Where an unwinding stands. What a step did that this release does not have is unknown, so all that there are are
    /// undone.
    private var undoPosition: Int { position ?? definition.steps.count - 1 }

    /// The step that the row is at, also where this release does not have it.
    var stepName: String {
        switch record.direction {
        case .forward: position.map { definition.steps[$0].name } ?? record.step
        case .unwinding: definition.steps[undoPosition].name
        }
    }

    func action(after event: WorkflowEvent, at now: Timestamp) throws -> WorkflowAction {
        switch (record.direction, event) {
        case (.forward, .taken): try position.map { .run(definition.steps[$0]) } ?? failed(unknownStep, at: now)
        case (.unwinding, .taken): undo(at: now)
        case (_, .ran(.nap(let seconds))): try wait(seconds, at: now)
        case (_, .ran(.done(let found, let commit))):
            try stepDone(finding: found, at: now) { db in
                try commit(db)
                return {}
            }
        case (_, .ran(.doneTelling(let commit))): try stepDone(at: now, commit)
        case (_, .undone(let commit)): undone(at: now, commit)
        case (_, .failed(let error)): try failed(error, at: now)
        case (_, .heardNothing(let seconds)): .write(.nap(napping(seconds, at: now)))
        }
    }

    /// The row at the end of its unwinding: ended, or at its first step again with a new deadline.
    func concluded(_ unwound: Unwound, at now: Timestamp) throws -> WorkflowRecord {
        var next = held(at: now)
        switch unwound {
        case .failed: next.end(.failed, at: now)
        case .again(let outputs):
            (next.direction, next.step, next.failure) = (.forward, "", nil)
            next.outputs = try JSONText(outputs)
            next.deadline = now.advanced(seconds: definition.deadlineSeconds)
        }
        return next
    }

    private var unknownStep: CloudError {
        CloudError(.internal, "This release has no step '\(record.step)' of \(record.kind).")
    }

    /// The row with its lease renewed, for what its runner does next.
    private func held(at now: Timestamp) -> WorkflowRecord {
        var next = record
        next.attempt = 0
        next.leaseUntil = now.advanced(seconds: leaseSeconds)
        return next
    }

    private func napping(_ seconds: Double, at now: Timestamp) -> WorkflowRecord {
        var next = record
        next.nap(seconds: seconds, at: now)
        return next
    }

    private func stepDone(
        finding found: [String: String] = [:], at now: Timestamp,
        _ commit: @escaping @Sendable (any Connection) throws -> Told
    ) throws -> WorkflowAction {
        guard let position else { return try failed(unknownStep, at: now) }
        var next = definition.next(after: position, held(at: now), at: now)
        if !found.isEmpty { next.outputs = try JSONText(record.outputs.value().merging(found) { $1 }) }
        return .stepDone(next, commit: commit)
    }

    /// Two thirds of the lease are left to the step that follows.
    private func wait(_ seconds: Double, at now: Timestamp) throws -> WorkflowAction {
        if now >= record.deadline {
            let limit = Int(definition.deadlineSeconds)
            let why = "The operation was not done within \(limit) seconds (step \(stepName))."
            return try failed(CloudError(.internal, why), at: now)
        }
        let limit = record.leaseUntil.advanced(seconds: -leaseSeconds * 2 / 3)
        let until = min(now.advanced(seconds: min(seconds, lingerSeconds)), limit)
        return now < until ? .linger(until: until, seconds: seconds) : .write(.nap(napping(seconds, at: now)))
    }

    /// A failure that may pass is tried again until the deadline; any other begins the unwinding. An undo is tried
    /// again for ever.
    private func failed(_ error: any Error, at now: Timestamp) throws -> WorkflowAction {
        let failure = error as? CloudError
        let mayPass = failure?.kind == .unavailable || (error as? StoreError)?.kind == .other
        if record.direction == .unwinding || mayPass && now < record.deadline {
            var next = napping(min(30, 0.1 * Double(1 << min(record.attempt, 9))), at: now)
            next.attempt += 1
            return .write(.tryLater(next, because: error))
        }
        let kind = failure?.kind ?? .internal
        var next = held(at: now)
        next.direction = .unwinding
        next.outputs = try JSONText(
            record.outputs.value().merging(
                [WorkflowDefinition.failedStepOutput: stepName, WorkflowRecord.failureKindOutput: kind.rawValue]) { $1 }
        )
        next.failure = failure?.message ?? "The step \(stepName) failed unexpectedly."
        return .write(.turnRound(next, because: error))
    }

    /// The failed step is undone first, whose effect is unknown, then those before it.
    private func undo(at now: Timestamp) -> WorkflowAction {
        switch definition.steps[undoPosition].undo {
        case .run(let undo): .undo(undo)
        case .none: undone(at: now) { _ in }
        }
    }

    private func undone(at now: Timestamp, _ commit: @escaping StepCommit) -> WorkflowAction {
        var next = held(at: now)
        guard undoPosition > 0 else { return .write(.conclude(next, commit: commit)) }
        next.step = definition.steps[undoPosition - 1].name
        return .write(.stepUndone(next, commit: commit))
    }
}

extension WorkflowRecord {
    mutating func end(_ outcome: Outcome, at now: Timestamp) {
        self.outcome = outcome
        finishedAt = now
        leaseUntil = Timestamp(microseconds: 0)
    }

    /// Nobody holds it, and somebody looks at it again after so many seconds.
    mutating func nap(seconds: Double, at now: Timestamp) {
        leaseUntil = Timestamp(microseconds: 0)
        wakeAt = now.advanced(seconds: seconds)
    }
}
