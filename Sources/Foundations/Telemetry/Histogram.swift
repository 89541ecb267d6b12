import Synchronization

/// Counts observations by size, as Prometheus wants them. Recording takes a lock for a few additions.
package final class Histogram: Sendable {
    package struct Reading: Sendable, Equatable {
        /// Upper bounds, each inclusive.
        package let bounds: [Double]
        /// Observations in each bucket alone; the last is for all beyond the last bound.
        package fileprivate(set) var counts: [Int]
        package fileprivate(set) var sum = 0.0
    }

    private let state: Mutex<Reading>

    package init(bounds: [Double]) {
        state = Mutex(Reading(bounds: bounds, counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Seconds, from a millisecond to ten seconds.
    package static func latency() -> Histogram {
        Histogram(bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10])
    }

    package func record(_ value: Double) {
        state.withLock { reading in
            let bucket = reading.bounds.firstIndex { value <= $0 } ?? reading.bounds.count
            reading.counts[bucket] += 1
            reading.sum += value
        }
    }

    package var reading: Reading { state.withLock { $0 } }
}
