package import Logging
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
    package let logger: Logger

    package func serverID() throws -> ServerID {
        guard let id = record.serverID else {
            throw CloudError(.internal, "The workflow has no server.", detail: record.id.text)
        }
        return id
    }
}

package enum StepOutcome: Sendable {
    /// The step is done: its outputs are kept and its writes committed with that fact. `told` is called then; what it
    /// tells must be found without it, too, for the process may have ended.
    case done(
        outputs: [String: String] = [:], commit: StepCommit = { _ in }, told: @Sendable () -> Void = {})
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

/// One short piece of work. It may run twice: after a crash nobody knows whether it ran.
package struct Step: Sendable {
    package let name: String
    package let run: @Sendable (StepContext) async throws -> StepOutcome
    package let undo: Undo

    package init(
        _ name: String, undo: Undo, run: @escaping @Sendable (StepContext) async throws -> StepOutcome
    ) {
        self.name = name
        self.run = run
        self.undo = undo
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
