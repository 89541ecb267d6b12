import Synchronization

/// A counter for each key that has been seen; for what happens seldom or with few keys.
package final class Counts<Key: Hashable & Sendable>: Sendable {
    private let state = Mutex<[Key: Int]>([:])

    package init() {}

    package func add(_ key: Key) {
        state.withLock { $0[key, default: 0] += 1 }
    }

    package var all: [Key: Int] { state.withLock { $0 } }
}
