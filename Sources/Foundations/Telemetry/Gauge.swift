import Synchronization

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let state = Atomic(0)

    package init() {}

    package func add(_ amount: Int) {
        state.add(amount, ordering: .relaxed)
    }

    package var value: Int { state.load(ordering: .relaxed) }
}
