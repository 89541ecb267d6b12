import Logging
import Model
import Store
import Synchronization

/// Another runner, or a workflow that takes over, has the row now.
struct LeaseLost: Error {}

/// Renews the leases of a runner's workflows while their steps run.
///
/// A step that hangs may not hold its workflow for ever: what has committed nothing for `limitSeconds` is renewed no
/// more, and another runner takes it over.
final class LeaseKeeper: Sendable {
    private struct Held {
        var epoch: Int64
        var until: Timestamp
        /// When the lease was taken, or its last commit was.
        var since: Timestamp
    }

    static let limitSeconds = 600.0

    private let database: any Database
    private let clock: any CloudClock
    private let leaseSeconds: Double
    private let logger: Logger
    private let held = Mutex<[WorkflowID: Held]>([:])

    init(database: any Database, clock: any CloudClock, leaseSeconds: Double, logger: Logger) {
        self.database = database
        self.clock = clock
        self.leaseSeconds = leaseSeconds
        self.logger = logger
    }

    /// The runner has leased the row, or has written it under its lease.
    func keep(_ record: WorkflowRecord) {
        let entry = Held(epoch: record.leaseEpoch, until: record.leaseUntil, since: clock.now())
        held.withLock { $0[record.id] = entry }
    }

    func leave(_ id: WorkflowID) {
        held.withLock { $0[id] = nil }
    }

    /// Until cancelled, at each third of a lease.
    func run() async {
        while !Task.isCancelled {
            do {
                try await clock.sleep(until: clock.now().advanced(seconds: leaseSeconds / 3))
                try await renew()
            } catch is CancellationError {
                return
            } catch {
                logger.warning("leases cannot be renewed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Renews what has used up a third of its lease. What has used up all of it may be another runner's.
    private func renew() async throws {
        let now = clock.now()
        let until = now.advanced(seconds: leaseSeconds)
        let due = held.withLock { held in
            held.filter { _, entry in
                now < entry.until && entry.until <= now.advanced(seconds: leaseSeconds * 2 / 3)
                    && now <= entry.since.advanced(seconds: Self.limitSeconds)
            }
        }
        if due.isEmpty { return }
        let renewed = try await database.transaction { db in
            try due.filter { try WorkflowQueries.renew($0, epoch: $1.epoch, until: until, db) }
        }
        held.withLock { held in
            for (id, entry) in renewed where held[id]?.epoch == entry.epoch { held[id]?.until = until }
        }
    }
}
