import Dispatch
import Synchronization

/// A few threads for work that waits or computes for long, which takes its turns in the order in which it came.
///
/// Each is a serial queue: libdispatch gives those threads of their own. Operation queues, concurrent and global queues
/// share as many threads as there are cores with Swift's tasks, and keep them waiting
/// (`findings/operation-queue-starves-tasks.sh`).
package final class BlockingThreads: Sendable {
    private typealias Work = @Sendable () -> Void

    private struct State {
        /// Taken from `next` on.
        var waiting: [Work] = []
        var next = 0
        var idle: [Int]

        mutating func take() -> Work? {
            guard next < waiting.count else {
                (waiting, next) = ([], 0)
                return nil
            }
            defer { next += 1 }
            return waiting[next]
        }
    }

    private let queues: [DispatchQueue]
    private let state: Mutex<State>

    package init(count: Int, name: String) {
        queues = (0..<count).map { DispatchQueue(label: "\(name).\($0)") }
        state = Mutex(State(idle: Array(0..<count)))
    }

    /// Returns at once.
    package func start(_ work: @escaping @Sendable () -> Void) {
        let free = state.withLock { state in
            state.waiting.append(work)
            return state.idle.popLast()
        }
        if let free { queues[free].async { [self] in drain(free) } }
    }

    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            start { continuation.resume(with: Result(catching: body)) }
        }
    }

    private func drain(_ number: Int) {
        while let work = next(number) { work() }
    }

    private func next(_ number: Int) -> Work? {
        state.withLock { state in
            let work = state.take()
            if work == nil { state.idle.append(number) }
            return work
        }
    }
}
