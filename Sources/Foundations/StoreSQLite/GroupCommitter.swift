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
    private let pool: DatabasePool
    private let sizes: Histogram?
    private let queue = Mutex(Queue())

    /// `sizes` counts the members of each commit.
    init(pool: DatabasePool, sizes: Histogram?) {
        self.pool = pool
        self.sizes = sizes
    }

    func commit<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
            let member = Member(
                run: { db in
                    do {
                        let value = try mapped { try body(SQLiteConnection(db: db)) }
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
        if mustStart { pool.asyncWriteWithoutTransaction { [self] db in drain(db) } }
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
            if group.count == 1 || !commitTogether(group, db) { group.forEach { commitAlone($0, db) } }
        }
    }

    /// Whether the shared commit held; if not, nothing of any member is left.
    private func commitTogether(_ group: [Member], _ db: GRDB.Database) -> Bool {
        do {
            try db.inTransaction(.immediate) {
                for member in group { try runInSavepoint(member, db) }
                return .commit
            }
        } catch {
            return false
        }
        sizes?.record(Double(group.count))
        group.forEach { $0.finish(nil) }
        return true
    }

    /// A member's own error rolls back its savepoint and is answered later by `finish(nil)`.
    private func runInSavepoint(_ member: Member, _ db: GRDB.Database) throws {
        var memberFailed = false
        try db.inSavepoint {
            do {
                try member.run(db)
                return .commit
            } catch {
                memberFailed = true
                return .rollback
            }
        }
        if memberFailed, !db.isInsideTransaction {
            throw StoreError(.other, "a member's error ended the shared transaction")
        }
    }

    private func commitAlone(_ member: Member, _ db: GRDB.Database) {
        var ownError: (any Error)?
        do {
            try mapped {
                try db.inTransaction(.immediate) {
                    do {
                        try member.run(db)
                        return .commit
                    } catch {
                        ownError = error
                        return .rollback
                    }
                }
            }
            sizes?.record(1)
            member.finish(nil)
        } catch {
            member.finish(ownError ?? error)
        }
    }
}
