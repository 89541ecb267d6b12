package import Store
import Synchronization

/// A database on which a test can wait: `until` looks again after each transaction that went through it.
package final class WatchedDatabase: Database {
    private struct State {
        var version = 0
        var nextID: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let inner: any Database
    private let state = Mutex(State())

    package init(_ inner: any Database) {
        self.inner = inner
    }

    package var timeStatement: String? { inner.timeStatement }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await inner.read(body)
    }

    @discardableResult
    package func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        defer { changed() }
        return try await inner.transaction(body)
    }

    package func close() async throws {
        try await inner.close()
    }

    /// Returns when `condition` holds; throws when the test is cancelled, as its time limit does.
    package func until(_ condition: @escaping @Sendable (any Connection) throws -> Bool) async throws {
        while true {
            try Task.checkCancellation()
            let seen = state.withLock { $0.version }
            if try await inner.read(condition) { return }
            await change(after: seen)
        }
    }

    private func changed() {
        let waiting = state.withLock { (state: inout State) -> [CheckedContinuation<Void, Never>] in
            state.version += 1
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiting { waiter.resume() }
    }

    private func change(after version: Int) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goOn = state.withLock { state in
                    if state.version != version || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if goOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
