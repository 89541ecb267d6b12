package import Model
import Store

/// A workflow as a transaction leaves it that is not its runner's own.
package struct CarriedWorkflow: Sendable {
    package internal(set) var record: WorkflowRecord
    /// The steps that were carried out.
    var steps: [String] = []
    var told: [Told] = []
    /// It stands at a step that asks the store alone, and looks again after so many seconds: what it waits for is not
    /// there.
    var napSeconds: Double?
    /// Another workflow of its server has the turn now.
    var hasPassedTurn = false

    /// A runner has to do with it now.
    var needsRunner: Bool { record.finishedAt == nil && napSeconds == nil }
}

/// Carries workflows through steps that need the store and nothing else, in the transaction that makes them due: one
/// commit instead of several, and no change of thread.
struct WorkflowCarrier: Sendable {
    let definitions: [String: WorkflowDefinition]
    let leaseSeconds: Double

    /// Writes what the steps write, but not the workflow's row. A step that fails is left to a runner, which meets the
    /// same failure and turns the workflow round.
    func carry(_ record: WorkflowRecord, at now: Timestamp, _ db: any Connection) throws -> CarriedWorkflow {
        var carried = CarriedWorkflow(record: record)
        guard let definition = definitions[record.kind] else { return carried }
        while carried.record.finishedAt == nil, carried.record.direction == .forward, !carried.record.awaitsTurn,
            let position = definition.position(of: carried.record.step),
            let work = definition.steps[position].inStore
        {
            let context = try StepContext(carried.record, at: now)
            let attempt = try db.attempt {
                if let reminder = try work.missing(context, db) { return (told: reminder, isDone: false) }
                return (try work.commit(context, db), true)
            }
            guard case .success(let (told, isDone)) = attempt else { break }
            carried.told.append(told)
            guard isDone else {
                carried.napSeconds = work.napSeconds
                carried.record.nap(seconds: work.napSeconds, at: now)
                break
            }
            carried.steps.append(definition.steps[position].name)
            carried.record = definition.next(after: position, carried.record, at: now)
        }
        return carried
    }
}
