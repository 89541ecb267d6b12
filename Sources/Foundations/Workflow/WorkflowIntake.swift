package import Logging
package import Model
package import Store
import Synchronization

/// Where services bring the workflows they start, and say what workflows wait for. A runner of the same process takes
/// them with the lease that was written in their own commit; any other finds them in the table. Steps that need the
/// store alone are carried out here, in the services' own transactions.
package final class WorkflowIntake: Sendable {
    private struct State {
        /// `nil` while no runner takes anything.
        var carrier: WorkflowCarrier?
        var handed: [WorkflowRecord] = []
        /// Workflows being driven, each with the bell it listens to.
        var attended: [WorkflowID: Bell] = [:]
        /// Workflows whose end somebody waits for, each with the bells of those who wait.
        var awaited: [WorkflowID: [Bell]] = [:]
        var mustLook = false
    }

    private static let handedLimit = 256
    private let state = Mutex(State())
    private let trace: WorkflowTrace
    let bell = Bell()

    package init(logger: Logger) {
        trace = WorkflowTrace(logger)
    }

    /// The lease with which to commit a workflow that is handed over afterwards; 0 leaves it in the table.
    package func lease(from now: Timestamp) -> Timestamp {
        let seconds = state.withLock { $0.handed.count < Self.handedLimit ? $0.carrier?.leaseSeconds : nil }
        return seconds.map { now.advanced(seconds: $0) } ?? Timestamp(microseconds: 0)
    }

    /// Whether a runner of this process carries workflows out.
    package var isOpen: Bool { state.withLock { $0.carrier != nil } }

    /// A row that is about to be written, with the lease from `lease(from:)`, as far as its first steps need the store
    /// alone. After the commit `started` is called with it.
    ///
    /// - Parameter done: steps that the caller has carried out in the same transaction.
    package func begin(
        _ record: WorkflowRecord, after done: [String] = [], at now: Timestamp, _ db: any Connection
    ) throws -> CarriedWorkflow {
        guard let carrier = state.withLock({ $0.carrier }) else { return CarriedWorkflow(record: record, steps: done) }
        var carried = try carrier.carry(record, at: now, db)
        carried.steps.insert(contentsOf: done, at: 0)
        // It has begun: whoever leases it later goes on with it.
        if !carried.needsRunner { carried.record.leaseEpoch = max(carried.record.leaseEpoch, 1) }
        return carried
    }

    /// To be called after the commit of these rows.
    package func started(_ begun: [CarriedWorkflow]) {
        for carried in begun {
            // Of others their runner says it.
            if !carried.needsRunner { trace("a workflow begins", carried.record) }
            tell(carried)
        }
        let due = begun.filter(\.needsRunner).map(\.record)
        if due.isEmpty { return }
        state.withLock { state in
            for record in due {
                if record.leaseUntil.microseconds > 0 { state.handed.append(record) } else { state.mustLook = true }
            }
        }
        bell.ring()
    }

    /// Something that the workflow may wait for is being written. It goes on in the same transaction as far as its
    /// steps need the store alone; for another step or a failure its runner is signalled. After the commit `happened`
    /// is called with what this returns.
    package func carryOn(
        _ record: WorkflowRecord, at now: Timestamp, _ db: any Connection
    ) throws -> CarriedWorkflow {
        let carrier = state.withLock { $0.carrier }
        var carried = try carrier?.carry(record, at: now, db) ?? CarriedWorkflow(record: record)
        if carried.steps.isEmpty {
            if carried.needsRunner { try WorkflowQueries.signal(record.id, now: now, db) }
            return carried
        }
        // Whoever holds the row waits in a step that is done now, and has nothing to commit.
        carried.record.leaseUntil = Timestamp(microseconds: 0)
        if carried.needsRunner { carried.record.wakeAt = now }
        guard try WorkflowQueries.commit(carried.record, now: now, takingOver: true, db) else { throw LeaseLost() }
        carried.hasPassedTurn = try WorkflowQueries.passTurn(after: carried.record, now: now, db)
        return carried
    }

    /// To be called after the commit of what `carryOn` has returned.
    package func happened(_ carried: CarriedWorkflow) {
        if carried.steps.isEmpty {
            if carried.needsRunner { signal(carried.record.id) }
            return
        }
        tell(carried)
        state.withLock { $0.attended.removeValue(forKey: carried.record.id) }?.ring()
        if carried.needsRunner { look() }
    }

    /// What a commit has brought, after it; `first` is the step that a runner has done before the others.
    func tell(_ carried: CarriedWorkflow, after first: String? = nil) {
        for told in carried.told { told() }
        for step in [first].compactMap({ $0 }) + carried.steps {
            trace("a step is done", carried.record, ["step": "\(step)"])
        }
        trace.end(carried.record)
        if carried.record.finishedAt != nil { ended(carried.record.id) }
        // Longer naps end by the runner's own looks.
        if carried.hasPassedTurn || (carried.napSeconds ?? .infinity) < 1 { look() }
    }

    /// To be called after a commit that a workflow may wait for.
    package func signal(_ id: WorkflowID) {
        let attending = state.withLock { state in
            if state.attended[id] == nil { state.mustLook = true }
            return state.attended[id]
        }
        (attending ?? bell).ring()
    }

    /// A bell that rings when a runner of this process has ended the workflow; to be given back with `forget`.
    package func awaitEnd(of id: WorkflowID) -> Bell {
        let bell = Bell()
        state.withLock { $0.awaited[id, default: []].append(bell) }
        return bell
    }

    package func forget(_ bell: Bell, of id: WorkflowID) {
        state.withLock { state in
            let others = state.awaited[id]?.filter { $0 !== bell }
            state.awaited[id] = others?.isEmpty == false ? others : nil
        }
    }

    func ended(_ id: WorkflowID) {
        for bell in state.withLock({ $0.awaited[id] ?? [] }) { bell.ring() }
    }

    /// Has the table looked at soon.
    func look() {
        state.withLock { $0.mustLook = true }
        bell.ring()
    }

    func open(_ carrier: WorkflowCarrier) {
        state.withLock { $0.carrier = carrier }
    }

    func close() {
        state.withLock { $0.carrier = nil }
    }

    func takeHanded(_ limit: Int) -> [WorkflowRecord] {
        state.withLock { state in
            let taken = Array(state.handed.prefix(limit))
            state.handed.removeFirst(taken.count)
            return taken
        }
    }

    /// Whether somebody wanted the table looked at since the last call.
    func takeLook() -> Bool {
        state.withLock { state in
            defer { state.mustLook = false }
            return state.mustLook
        }
    }

    func attend(_ id: WorkflowID) -> Bell {
        let bell = Bell()
        state.withLock { $0.attended[id] = bell }
        return bell
    }

    /// Whether the workflow is still the one who listens to this bell's: `carryOn` takes it away.
    func attends(_ id: WorkflowID, _ bell: Bell) -> Bool {
        state.withLock { $0.attended[id] === bell }
    }

    /// A runner that took the workflow over meanwhile keeps its own bell.
    func leave(_ id: WorkflowID, _ bell: Bell) {
        state.withLock { if $0.attended[id] === bell { $0.attended[id] = nil } }
    }
}
