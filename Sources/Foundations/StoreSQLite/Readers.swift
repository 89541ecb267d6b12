import Store
import Synchronization

/// A few connections that only read. What waits is taken by the next that is free, without another change of thread.
final class Readers: Sendable {
    private typealias Work = @Sendable (SQLiteConnection) -> Void

    private struct State {
        /// Taken from `next` on.
        var waiting: [Work] = []
        var next = 0
        var idle: [Int]

        mutating func take() -> Work? {
            guard next < waiting.count else {
                waiting.removeAll(keepingCapacity: waiting.capacity < 1024)
                next = 0
                return nil
            }
            defer { next += 1 }
            let work = waiting[next]
            // With readers that are never idle the list would keep all that was ever read.
            if next >= 512, next * 2 > waiting.count {
                waiting.removeSubrange(...next)
                next = -1
            }
            return work
        }
    }

    let handles: [SQLiteHandle]
    private let state: Mutex<State>

    init(_ handles: [SQLiteHandle]) {
        self.handles = handles
        state = Mutex(State(idle: Array(handles.indices)))
    }

    /// Runs `body` on what was committed before this call.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let free = state.withLock { state in
                state.waiting.append { connection in
                    continuation.resume(
                        with: Swift.Result { try connection.transaction("BEGIN DEFERRED") { try body(connection) } })
                }
                return state.idle.popLast()
            }
            if let free { handles[free].start { [self] in drain(free, $0) } }
        }
    }

    private func drain(_ number: Int, _ connection: SQLiteConnection) {
        while true {
            let work = state.withLock { state in
                let work = state.take()
                if work == nil { state.idle.append(number) }
                return work
            }
            guard let work else { return }
            work(connection)
        }
    }
}
