import Dispatch
import Store
import Synchronization

/// A few connections that only read; those after the first are opened when they are needed. What waits is taken by the
/// next that is free, without another change of thread.
final class Readers: Sendable {
    private typealias Work = @Sendable (SQLiteConnection) -> Void

    private struct State {
        /// Taken from `next` on.
        var waiting: [Work] = []
        var next = 0
        var opened: [SQLiteHandle]
        var idle: [SQLiteHandle]
        /// How many more may be opened.
        var unopened: Int

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

    private enum Help {
        case reader(SQLiteHandle)
        case anotherReader
    }

    private let open: @Sendable () throws -> SQLiteHandle
    private let trouble: @Sendable (any Error) -> Void
    private let opening = DispatchQueue(label: "novella.sqlite.open")
    private let state: Mutex<State>

    /// - Parameter trouble: told when a further one cannot be opened; those that are open do its work, and the next
    ///   read that would have to wait tries again.
    init(
        limit: Int, trouble: @escaping @Sendable (any Error) -> Void,
        _ open: @escaping @Sendable () throws -> SQLiteHandle
    ) throws {
        let first = try open()
        self.open = open
        self.trouble = trouble
        state = Mutex(State(opened: [first], idle: [first], unopened: limit - 1))
    }

    /// Those that are open.
    var handles: [SQLiteHandle] { state.withLock { $0.opened } }

    /// Runs `body` on what was committed before this call.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let help = state.withLock { state -> Help? in
                state.waiting.append { connection in
                    continuation.resume(
                        with: Swift.Result { try connection.transaction("BEGIN DEFERRED") { try body(connection) } })
                }
                if let free = state.idle.popLast() { return .reader(free) }
                guard state.unopened > 0 else { return nil }
                state.unopened -= 1
                return .anotherReader
            }
            switch help {
            case .reader(let free): free.start { [self] in drain(free, $0) }
            case .anotherReader: opening.async { [self] in openAnother() }
            case nil: break
            }
        }
    }

    private func openAnother() {
        do {
            let handle = try open()
            state.withLock { $0.opened.append(handle) }
            handle.start { [self] in drain(handle, $0) }
        } catch {
            state.withLock { $0.unopened += 1 }
            trouble(error)
        }
    }

    /// Waits for what was started before; nothing may be asked afterwards.
    func close() {
        // One that is being opened is open then.
        opening.sync {}
        for handle in handles { handle.close() }
    }

    private func drain(_ handle: SQLiteHandle, _ connection: SQLiteConnection) {
        while true {
            let work = state.withLock { state in
                let work = state.take()
                if work == nil { state.idle.append(handle) }
                return work
            }
            guard let work else { return }
            work(connection)
        }
    }
}
