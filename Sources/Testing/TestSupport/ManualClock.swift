package import Model
import Synchronization

/// A clock that stands still until a test turns it.
package final class ManualClock: CloudClock {
    private struct Sleeper {
        var deadline: Timestamp
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var sleepers: [UInt64: Sleeper] = [:]
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>

    /// Begins at 2026-01-01T00:00:00Z unless told otherwise.
    package init(now: Timestamp = Timestamp(microseconds: 1_767_225_600_000_000)) {
        state = Mutex(State(now: now))
    }

    package func now() -> Timestamp {
        state.withLock { $0.now }
    }

    package func sleep(until deadline: Timestamp) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Turns the clock on and wakes those whose time has come. It never goes back.
    package func advance(to time: Timestamp) {
        let woken = state.withLock { (state: inout State) -> [Sleeper] in
            state.now = max(state.now, time)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    package func advance(seconds: Double) {
        advance(to: now().advanced(seconds: seconds))
    }
}
