import Dispatch
import Foundation
import Store
import Synchronization

/// Connections with a thread each, so that waiting for PostgreSQL blocks nothing else. Jobs are taken in order.
final class PostgresPool: Sendable {
    typealias Job = @Sendable (PostgresSession) -> Void

    private let queue: Queue

    init(_ settings: PostgresSettings) {
        queue = Queue(settings)
    }

    deinit {
        queue.close(nil)
    }

    func run<Result: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isAccepted = queue.add { session in
                continuation.resume(with: Swift.Result { try body(session) })
            }
            if !isAccepted { continuation.resume(throwing: StoreError(.other, "the PostgreSQL store has been closed")) }
        }
    }

    /// Returns when every connection has ended.
    func close() async {
        await withCheckedContinuation { queue.close($0) }
    }
}

/// Threads hold this and not the pool, so that a pool which nobody has any more ends them.
private final class Queue: Sendable {
    private struct State {
        var jobs: [PostgresPool.Job] = []
        var threads = 0
        var busy = 0
        var isClosed = false
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let settings: PostgresSettings
    private let state = Mutex(State())
    /// Counts jobs, and one more for each thread once the pool is closed.
    private let work = DispatchSemaphore(value: 0)

    init(_ settings: PostgresSettings) {
        self.settings = settings
    }

    /// `false` when the pool is closed.
    func add(_ job: @escaping PostgresPool.Job) -> Bool {
        let (isAccepted, mustStart) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.jobs.append(job)
            let isShort = state.busy + state.jobs.count > state.threads
            guard isShort, state.threads < max(settings.maximumConnections, 1) else { return (true, false) }
            state.threads += 1
            return (true, true)
        }
        if mustStart { Thread { [self] in serve() }.start() }
        if isAccepted { work.signal() }
        return isAccepted
    }

    func close(_ done: CheckedContinuation<Void, Never>?) {
        let threads = state.withLock { state in
            if let done, state.threads > 0 { state.closing.append(done) }
            defer { state.isClosed = true }
            return state.threads
        }
        for _ in 0..<threads { work.signal() }
        if threads == 0 { done?.resume() }
    }

    private func serve() {
        // The session ends, and so disconnects, before `close` returns.
        do {
            let session = PostgresSession(settings)
            while let job = next() {
                job(session)
                state.withLock { $0.busy -= 1 }
            }
        }
        let told = state.withLock { state in
            state.threads -= 1
            return state.threads == 0 ? state.closing : []
        }
        for one in told { one.resume() }
    }

    /// `nil` when the pool is closed and nothing is left to do.
    private func next() -> PostgresPool.Job? {
        while true {
            work.wait()
            let (job, isOver) = state.withLock { state -> (PostgresPool.Job?, Bool) in
                guard state.jobs.isEmpty else {
                    state.busy += 1
                    return (state.jobs.removeFirst(), false)
                }
                return (nil, state.isClosed)
            }
            if job != nil || isOver { return job }
        }
    }
}
