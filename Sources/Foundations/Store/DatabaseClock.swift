package import Model
import Synchronization

/// The clock of the machine that keeps the store, for processes that share it: they agree on who holds what, however
/// their own clocks differ.
///
/// It goes as the local clock does from what `measure` has found, so nothing is asked when the time is read. Before the
/// first measurement it is the local clock.
package final class DatabaseClock: CloudClock {
    /// Questions of one measurement, of which the quickest counts: the first prepares its statement.
    private static let questions = 4

    private let database: any Database
    private let statement: String
    private let local: any CloudClock
    private let reading = Mutex<ClockReading?>(nil)

    /// `nil` for a store that has no other clock than this machine's.
    ///
    /// - Parameter local: is read between two measurements, and should not jump.
    package init?(_ database: any Database, local: any CloudClock = SteadyClock()) {
        guard let statement = database.timeStatement else { return nil }
        self.database = database
        self.statement = statement
        self.local = local
    }

    private var ahead: Int64 { reading.withLock { $0?.ahead ?? 0 } }

    package func now() -> Timestamp {
        Timestamp(microseconds: local.now().microseconds + ahead)
    }

    package func sleep(until deadline: Timestamp) async throws {
        try await local.sleep(until: Timestamp(microseconds: deadline.microseconds - ahead))
    }

    /// Asks the database for its time. To be called before the first use, and every few seconds, for clocks drift.
    package func measure() async throws {
        let found = try await database.read { [statement, local] db in
            try (0..<Self.questions).compactMap { _ in
                let asked = local.now()
                let time = try db.integer(statement)
                return time.map { ClockReading(of: Timestamp(microseconds: $0), asked: asked, answered: local.now()) }
            }.min { $0.error < $1.error }
        }
        guard let found else { throw StoreError(.other, "the database does not say what time it is") }
        reading.withLock { old in
            if old?.isWorse(than: found) ?? true { old = found }
        }
    }
}

/// How far another clock was ahead of the local one. It was read at some moment between question and answer.
struct ClockReading: Sendable {
    /// Microseconds by which one of two clocks may run away from the other in a second: what NTP corrects at most.
    private static let drift: Int64 = 500

    /// Microseconds.
    let ahead: Int64
    /// Microseconds by which `ahead` may be wrong, when it was read.
    let error: Int64
    private let answered: Timestamp

    init(of time: Timestamp, asked: Timestamp, answered: Timestamp) {
        error = (answered.microseconds - asked.microseconds + 1) / 2
        ahead = time.microseconds - asked.microseconds - error
        self.answered = answered
    }

    /// The newer one is more precise than this has become meanwhile, or contradicts it: a clock was set.
    func isWorse(than newer: Self) -> Bool {
        let age = newer.answered.microseconds - answered.microseconds
        let grown = error + age * Self.drift / 1_000_000
        return newer.error <= grown || abs(newer.ahead - ahead) > newer.error + grown
    }
}
