import Foundation

/// When a transaction that PostgreSQL refused is run again: after a pause that grows, up to a deadline.
struct Retries {
    private let deadline: ContinuousClock.Instant
    private var pause = 0.001
    private var hasDoubtedUniqueness = false

    init(seconds: Double) {
        deadline = .now + .seconds(seconds)
    }

    /// Blocks the connection's own thread for the pause.
    mutating func allows(_ failure: PostgresFailure, wasConnected: Bool) -> Bool {
        if failure.isUniqueViolation, !hasDoubtedUniqueness {
            // Between serializable transactions a conflict may show as a value that is there twice; a second run tells
            // which it is.
            hasDoubtedUniqueness = true
            return true
        }
        guard failure.isConflict || (failure.isConnectionLost && wasConnected), .now < deadline else { return false }
        Thread.sleep(forTimeInterval: .random(in: 0...pause))
        pause = min(pause * 2, 0.1)
        return true
    }
}
