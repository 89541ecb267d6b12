import GRDB
import Telemetry
import Store
import Synchronization

/// Runs waiting transactions together in one commit, each in a savepoint of its own, because an fsync costs more than
/// ten small transactions.
///
/// A member that throws loses its own writes only. When the shared commit fails, members run again, each alone.
final class GroupCommitter: Sendable {
    private struct Member: Sendable {
        /// Runs the body and keeps its result or error for `finish`.
        var run: @Sendable (GRDB.Database) throws -> Void
        /// Answers the caller; `nil` means that what `run` kept is durable.
        var finish: @Sendable ((any Error)?) -> Void
    }

    private struct Queue {
        var waiting: [Member] = []
        var isDraining = false
    }

    private static let groupLimit = 256
    private let writer: DatabaseQueue
    private let sizes: Histogram?
    private let checkpointer: Checkpointer?
    private let queue = Mutex(Queue())
    private let statements = StatementCache()

    /// `sizes` counts the members of each commit.
    init(writer: DatabaseQueue, sizes: Histogram?, checkpointer: Checkpointer?) {
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
                run: { [statements] db in
                    do {
                        let value = try mapped { try body(SQLiteConnection(db: db, statements: statements)) }
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

    /// To be called before the writer closes.
    func close() {
        writer.inDatabase { _ in statements.empty() }
    }

    private func enqueue(_ member: Member) {
        let mustStart = queue.withLock { queue in
            queue.waiting.append(member)
            defer { queue.isDraining = true }
            return !queue.isDraining
        }
        if mustStart { writer.asyncWriteWithoutTransaction { [self] db in drain(db) } }
    }

    private func drain(_ db: GRDB.Database) {
        while true {
            let group = queue.withLock { queue in
                let group = Array(queue.waiting.prefix(Self.groupLimit))
                queue.waiting.removeFirst(group.count)
                if group.isEmpty { queue.isDraining = false }
                return group
            }
            if group.isEmpty { return }
            defer { checkpointer?.committed() }
            if group.count == 1 || !commitTogether(group, db) { group.forEach { commitAlone($0, db) } }
        }
    }

    /// Whether the shared commit held; if not, nothing of any member is left.
    private func commitTogether(_ group: [Member], _ db: GRDB.Database) -> Bool {
        do {
            try inTransaction(db) { connection in
                for member in group { try runInSavepoint(member, connection) }
            }
        } catch {
            return false
        }
        sizes?.record(Double(group.count))
        group.forEach { $0.finish(nil) }
        return true
    }

    /// A member's own error rolls back its savepoint and is answered later by `finish(nil)`.
    private func runInSavepoint(_ member: Member, _ connection: SQLiteConnection) throws {
        try connection.execute("SAVEPOINT member", [])
        do {
            try member.run(connection.db)
        } catch {
            guard connection.db.isInsideTransaction else {
                throw StoreError(.other, "a member's error ended the shared transaction")
            }
            try connection.execute("ROLLBACK TO member", [])
        }
        try connection.execute("RELEASE member", [])
    }

    private func commitAlone(_ member: Member, _ db: GRDB.Database) {
        do {
            try inTransaction(db) { try member.run($0.db) }
            sizes?.record(1)
            member.finish(nil)
        } catch {
            member.finish(error)
        }
    }

    private func inTransaction(_ db: GRDB.Database, _ body: (SQLiteConnection) throws -> Void) throws {
        let connection = SQLiteConnection(db: db, statements: statements)
        try connection.execute("BEGIN IMMEDIATE", [])
        do {
            try body(connection)
            try connection.execute("COMMIT", [])
        } catch {
            if db.isInsideTransaction { try connection.execute("ROLLBACK", []) }
            throw error
        }
    }
}
