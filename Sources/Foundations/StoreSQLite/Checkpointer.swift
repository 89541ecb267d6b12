import Synchronization

/// Writes the log back into the database on a connection of its own, so that no commit waits for it.
///
/// A passive checkpoint stops for nobody and may leave a rest (https://www.sqlite.org/wal.html, "Checkpointing");
/// should the log grow all the same, the writer's own `wal_autocheckpoint` bounds it.
final class Checkpointer: Sendable {
    /// Commits after which the log is worth writing back.
    private static let commits = 100
    let handle: SQLiteHandle
    private let state = Mutex((commits: 0, isRunning: false))
    private let trouble: @Sendable (any Error) -> Void

    init(_ handle: SQLiteHandle, _ trouble: @escaping @Sendable (any Error) -> Void) {
        self.handle = handle
        self.trouble = trouble
    }

    /// To be called after each commit; returns at once.
    func committed() {
        let mustStart = state.withLock { state in
            state.commits += 1
            guard state.commits >= Self.commits, !state.isRunning else { return false }
            state = (0, true)
            return true
        }
        guard mustStart else { return }
        handle.start { [self] connection in
            defer { state.withLock { $0.isRunning = false } }
            do {
                _ = try connection.checkpoint()
            } catch {
                trouble(error)
            }
        }
    }
}
