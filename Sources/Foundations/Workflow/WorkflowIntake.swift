package import Model
import Synchronization

/// Where services bring the workflows they start, and say what workflows wait for. A runner of the same process takes
/// them with the lease that was written in their own commit; any other finds them in the table.
package final class WorkflowIntake: Sendable {
    private struct State {
        /// `nil` while no runner takes anything.
        var leaseSeconds: Double?
        var handed: [WorkflowRecord] = []
        /// Workflows being driven, each with the bell it listens to.
        var attended: [WorkflowID: Bell] = [:]
        /// Workflows whose end somebody waits for, each with the bells of those who wait.
        var awaited: [WorkflowID: [Bell]] = [:]
        var mustLook = false
    }

    private static let handedLimit = 256
    private let state = Mutex(State())
    let bell = Bell()

    package init() {}

    /// The lease with which to commit a workflow that is handed over afterwards; 0 leaves it in the table.
    package func lease(from now: Timestamp) -> Timestamp {
        let seconds = state.withLock { $0.handed.count < Self.handedLimit ? $0.leaseSeconds : nil }
        return seconds.map { now.advanced(seconds: $0) } ?? Timestamp(microseconds: 0)
    }

    /// To be called after the commit of these rows.
    package func started(_ records: [WorkflowRecord]) {
        let unfinished = records.filter { $0.finishedAt == nil }
        if unfinished.isEmpty { return }
        state.withLock { state in
            for record in unfinished {
                if record.leaseUntil.microseconds > 0 { state.handed.append(record) } else { state.mustLook = true }
            }
        }
        bell.ring()
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

    func open(leaseSeconds: Double) {
        state.withLock { $0.leaseSeconds = leaseSeconds }
    }

    func close() {
        state.withLock { $0.leaseSeconds = nil }
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

    /// A runner that took the workflow over meanwhile keeps its own bell.
    func leave(_ id: WorkflowID, _ bell: Bell) {
        state.withLock { if $0.attended[id] === bell { $0.attended[id] = nil } }
    }
}
