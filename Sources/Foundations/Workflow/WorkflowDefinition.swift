package import Model
package import Store

/// Writes that belong to a step and become durable together with its being done.
package typealias StepCommit = @Sendable (any Connection) throws -> Void

/// What a step sees.
package struct StepContext: Sendable {
    package let record: WorkflowRecord
    /// What earlier steps found out.
    package let outputs: [String: String]
    /// In an unwinding, the name of the step that failed.
    package var failedStep: String? { outputs[WorkflowDefinition.failedStepOutput] }
    package let now: Timestamp

    init(_ record: WorkflowRecord, at now: Timestamp) throws {
        self.record = record
        outputs = record.outputs.raw == "{}" ? [:] : try record.outputs.value()
        self.now = now
    }

    package func serverID() throws -> ServerID {
        guard let id = record.serverID else {
            throw CloudError(.internal, "The workflow has no server.", detail: record.id.text)
        }
        return id
    }
}

/// Whom a commit concerns is told after it; what is told must be found without it, too, for the process may have ended.
package typealias Told = @Sendable () -> Void

package enum StepOutcome: Sendable {
    /// The step is done: its outputs are kept and its writes committed with that fact.
    case done(outputs: [String: String] = [:], commit: StepCommit = { _ in })
    /// The same, with whom to tell of it.
    case doneTelling(commit: @Sendable (any Connection) throws -> Told)
    /// What the step waits for is not there yet; it runs again after a signal, or after this many seconds.
    case nap(seconds: Double)
}

/// How to take back what a step did. Its effect may be whole, partial or none.
package enum Undo: Sendable {
    case run(@Sendable (StepContext) async throws -> StepCommit)
    case none(why: String)
}

/// The writes that end an unwinding, and what they come to.
package typealias UnwindingEnd = @Sendable (any Connection) throws -> Unwound

package enum Unwound: Sendable {
    case failed
    /// The workflow begins again at its first step, with a new deadline and no outputs but these.
    case again(outputs: [String: String])
}

/// The work of a step that needs the store and nothing else. It can be carried out in any transaction, and is so in the
/// one that brings what it waits for.
package struct StoreWork: Sendable {
    /// Seconds until the store is asked again, where nothing signals the workflow.
    package var napSeconds: Double
    /// `nil` when what the step waits for is there, else how to remind whoever is to bring it. It only reads, and
    /// throws what the step fails of.
    package var missing: @Sendable (StepContext, any Connection) throws -> Told?
    package var commit: @Sendable (StepContext, any Connection) throws -> Told

    package init(
        napSeconds: Double = 5,
        missing: @escaping @Sendable (StepContext, any Connection) throws -> Told? = { _, _ in nil },
        commit: @escaping @Sendable (StepContext, any Connection) throws -> Told = { _, _ in {} }
    ) {
        self.napSeconds = napSeconds
        self.missing = missing
        self.commit = commit
    }
}

/// One short piece of work. It may run twice: after a crash nobody knows whether it ran.
package struct Step: Sendable {
    package let name: String
    package let run: @Sendable (StepContext) async throws -> StepOutcome
    /// `nil` for work that needs more than the store.
    package let inStore: StoreWork?
    package let undo: Undo

    package init(
        _ name: String, undo: Undo, inStore: StoreWork? = nil,
        run: @escaping @Sendable (StepContext) async throws -> StepOutcome
    ) {
        self.name = name
        self.run = run
        self.inStore = inStore
        self.undo = undo
    }

    package init(_ name: String, undo: Undo, in database: any Database, _ work: StoreWork) {
        self.init(name, undo: undo, inStore: work) { context in
            let reminder = try await database.read { try work.missing(context, $0) }
            guard let reminder else { return .doneTelling { try work.commit(context, $0) } }
            reminder()
            return .nap(seconds: work.napSeconds)
        }
    }
}

package struct WorkflowDefinition: Sendable {
    package let kind: String
    package let steps: [Step]
    /// Seconds until a step that is not done fails, for a workflow that begins again after an unwinding; the first time
    /// the record brings its own deadline.
    package let deadlineSeconds: Double
    /// Gets what failed, in words for the user; what it returns is committed with the end of the unwinding.
    package let unwound: @Sendable (StepContext, String) throws -> UnwindingEnd

    static let failedStepOutput = "failed-step"

    /// Where a step stands; the first one for a row that has not begun, none for a name of another release.
    func position(of step: String) -> Int? {
        step.isEmpty ? 0 : steps.firstIndex { $0.name == step }
    }

    /// The row with the step that follows, or ended when there is none.
    func next(after position: Int, _ record: WorkflowRecord, at now: Timestamp) -> WorkflowRecord {
        var next = record
        next.attempt = 0
        if position + 1 == steps.count { next.end(.succeeded, at: now) } else { next.step = steps[position + 1].name }
        return next
    }

    package init(
        kind: String, deadlineSeconds: Double, steps: [Step],
        unwound: @escaping @Sendable (StepContext, String) throws -> UnwindingEnd
    ) {
        self.kind = kind
        self.steps = steps
        self.deadlineSeconds = deadlineSeconds
        self.unwound = unwound
    }
}
