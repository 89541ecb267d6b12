import GRDB
import Store
import Synchronization

/// A few connections that only read. What waits is taken by the next that is free, without another change of thread.
final class Readers: Sendable {
    private typealias Work = @Sendable (GRDB.Database) -> Void

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
            return waiting[next]
        }
    }

    private let connections: [DatabaseQueue]
    private let state: Mutex<State>

    init(_ connections: [DatabaseQueue]) {
        self.connections = connections
        state = Mutex(State(idle: Array(connections.indices)))
    }

    /// Runs `body` on what was committed before this call.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let free = state.withLock { state in
                state.waiting.append { db in
                    continuation.resume(with: Swift.Result { try mapped { try Self.snapshot(db, body) } })
                }
                return state.idle.popLast()
            }
            if let free { connections[free].asyncWriteWithoutTransaction { [self] db in drain(free, db) } }
        }
    }

    func close() throws {
        for connection in connections { try connection.close() }
    }

    private func drain(_ number: Int, _ db: GRDB.Database) {
        while true {
            let work = state.withLock { state in
                let work = state.take()
                if work == nil { state.idle.append(number) }
                return work
            }
            guard let work else { return }
            work(db)
        }
    }

    private static func snapshot<Result>(
        _ db: GRDB.Database, _ body: (any Connection) throws -> Result
    ) throws -> Result {
        let connection = SQLiteConnection(db: db)
        try connection.execute("BEGIN DEFERRED", [])
        do {
            let result = try body(connection)
            try connection.execute("COMMIT", [])
            return result
        } catch {
            if db.isInsideTransaction { try connection.execute("ROLLBACK", []) }
            throw error
        }
    }
}
