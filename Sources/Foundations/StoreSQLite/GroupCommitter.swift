import Telemetry
import Store
import Synchronization

/// Runs waiting transactions together in one commit, because an fsync costs more than ten small transactions.
///
/// A member that throws loses its own writes only: when it has written by then, all run again, each in a savepoint of
/// its own, for a savepoint keeps a copy of each page that it changes. When the shared commit fails, members run again,
/// each alone.
final class GroupCommitter: Sendable {
    private struct Member: Sendable {
        /// Runs the body and keeps its result or error for `finish`.
        var run: @Sendable (SQLiteConnection) throws -> Void
        /// Answers the caller; `nil` means that what `run` kept is durable.
        var finish: @Sendable ((any Error)?) -> Void
    }

    private struct Queue {
        var waiting: [Member] = []
        var isDraining = false
    }

    private static let groupLimit = 256
    private static let begin = "BEGIN IMMEDIATE"
    private let writer: SQLiteHandle
    private let sizes: Histogram?
    private let checkpointer: Checkpointer?
    private let queue = Mutex(Queue())

    /// `sizes` counts the members of each commit.
    init(writer: SQLiteHandle, sizes: Histogram?, checkpointer: Checkpointer?) {
        self.writer = writer
        self.sizes = sizes
        self.checkpointer = checkpointer
    }

    func commit<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
            let member = Member(
                run: { connection in
                    do {
                        let value = try body(connection)
                        outcome.withLock { $0 = .success(value) }
                    } catch {
                        outcome.withLock { $0 = .failure(error) }
                        throw error
                    }
                },
                finish: { failure in
                    if let failure {
                        continuation.resume(throwing: failure)
                    } else if let result = outcome.withLock({ $0 }) {
                        continuation.resume(with: result)
                    }
                })
            enqueue(member)
        }
    }

    private func enqueue(_ member: Member) {
        let mustStart = queue.withLock { queue in
            queue.waiting.append(member)
            defer { queue.isDraining = true }
            return !queue.isDraining
        }
        if mustStart { writer.start { [self] in drain($0) } }
    }

    private func drain(_ connection: SQLiteConnection) {
        while true {
            let group = queue.withLock { queue in
                let group = Array(queue.waiting.prefix(Self.groupLimit))
                queue.waiting.removeFirst(group.count)
                if group.isEmpty { queue.isDraining = false }
                return group
            }
            if group.isEmpty { return }
            defer { checkpointer?.committed() }
            if group.count > 1 {
                if commitTogether(group, connection, run) { continue }
                if commitTogether(group, connection, runInSavepoint) { continue }
            }
            group.forEach { commitAlone($0, connection) }
        }
    }

    /// Whether the shared commit held; if not, nothing of any member is left.
    private func commitTogether(
        _ group: [Member], _ connection: SQLiteConnection, _ run: (Member, SQLiteConnection) throws -> Void
    ) -> Bool {
        do {
            try connection.transaction(Self.begin) {
                for member in group { try run(member, connection) }
            }
        } catch {
            return false
        }
        sizes?.record(Double(group.count))
        group.forEach { $0.finish(nil) }
        return true
    }

    /// The error of a member that has written nothing is answered later by `finish(nil)`.
    private func run(_ member: Member, _ connection: SQLiteConnection) throws {
        let before = connection.changeCount
        do {
            try member.run(connection)
        } catch {
            guard connection.isInTransaction, connection.changeCount == before else { throw error }
        }
    }

    /// A member's own error rolls back its savepoint and is answered later by `finish(nil)`.
    private func runInSavepoint(_ member: Member, _ connection: SQLiteConnection) throws {
        try connection.execute("SAVEPOINT member", [])
        do {
            try member.run(connection)
        } catch {
            guard connection.isInTransaction else {
                throw StoreError(.other, "a member's error ended the shared transaction")
            }
            try connection.execute("ROLLBACK TO member", [])
        }
        try connection.execute("RELEASE member", [])
    }

    private func commitAlone(_ member: Member, _ connection: SQLiteConnection) {
        do {
            try connection.transaction(Self.begin) { try member.run(connection) }
            sizes?.record(1)
            member.finish(nil)
        } catch {
            member.finish(error)
        }
    }
}
