import Telemetry
import Workflow

/// What became of the steps that this process has run.
final class StepCounts: Sendable {
    enum Outcome: String { case done, nap, failed, undone, undoFailed = "undo_failed" }

    private struct Key: Hashable {
        var kind: String
        var step: String
        var outcome: Outcome
    }

    private let counts = Counts<Key>()

    /// The same workflow, counted. What a step's commit throws afterwards does not change that its work was done.
    func counting(_ definition: WorkflowDefinition) -> WorkflowDefinition {
        let kind = definition.kind
        let steps = definition.steps.map { step in
            let inStore = counting(step.inStore, kind, step.name)
            return Step(step.name, undo: counting(step.undo, kind, step.name), inStore: inStore) { [self] context in
                let outcome = try await counting(kind, step.name, orElse: .failed) { try await step.run(context) }
                if case .nap = outcome { add(kind, step.name, .nap) } else { add(kind, step.name, .done) }
                return outcome
            }
        }
        return WorkflowDefinition(
            kind: kind, deadlineSeconds: definition.deadlineSeconds, steps: steps, unwound: definition.unwound)
    }

    /// What is carried out in others' transactions counts when they are committed.
    private func counting(_ work: StoreWork?, _ kind: String, _ step: String) -> StoreWork? {
        guard var counted = work else { return nil }
        let commit = counted.commit
        counted.commit = { [self] context, db in
            let told = try commit(context, db)
            return {
                told()
                self.add(kind, step, .done)
            }
        }
        return counted
    }

    private func counting(_ undo: Undo, _ kind: String, _ step: String) -> Undo {
        guard case .run(let work) = undo else { return undo }
        return .run { [self] context in
            let commit = try await counting(kind, step, orElse: .undoFailed) { try await work(context) }
            add(kind, step, .undone)
            return commit
        }
    }

    /// Counts what is thrown, but for the end of the process.
    private func counting<Result>(
        _ kind: String, _ step: String, orElse outcome: Outcome, _ work: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await work()
        } catch {
            if !(error is CancellationError) { add(kind, step, outcome) }
            throw error
        }
    }

    private func add(_ kind: String, _ step: String, _ outcome: Outcome) {
        counts.add(Key(kind: kind, step: step, outcome: outcome))
    }

    func write(to text: inout MetricsText) {
        text.family("novella_workflow_steps_total", .counter, "Workflow steps run by this process.")
        let all = counts.all.sorted {
            ($0.key.kind, $0.key.step, $0.key.outcome.rawValue) < ($1.key.kind, $1.key.step, $1.key.outcome.rawValue)
        }
        for (key, count) in all {
            let labels: MetricsText.Labels = [
                ("kind", key.kind), ("step", key.step), ("outcome", key.outcome.rawValue),
            ]
            text.sample("novella_workflow_steps_total", count, labels)
        }
    }
}
