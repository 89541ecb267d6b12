package import Model
import Synchronization

/// Wakes one waiter. A ring while nobody waits is kept for the next wait; many rings are one.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: (id: UInt64, continuation: CheckedContinuation<Void, Never>)?
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let waiter = state.withLock { (state: inout State) -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }

    /// Returns at the next ring, at `deadline`, or when cancelled.
    package func wait(until deadline: Timestamp, clock: any CloudClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForRing() }
            group.addTask {
                do { try await clock.sleep(until: deadline) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForRing() async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goOn = state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.waiter = (id, continuation)
                    return false
                }
                if goOn { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { (state: inout State) -> CheckedContinuation<Void, Never>? in
                guard let waiter = state.waiter, waiter.id == id else { return nil }
                state.waiter = nil
                return waiter.continuation
            }
            waiter?.resume()
        }
    }
}

/// A counted number of places.
final class Slots: Sendable {
    private let free: Mutex<Int>
    private let bell = Bell()

    init(_ count: Int) {
        free = Mutex(count)
    }

    func take() {
        free.withLock { $0 -= 1 }
    }

    func giveBack() {
        free.withLock { $0 += 1 }
        bell.ring()
    }

    /// The number of free places, at least 1.
    func waitForFree() async -> Int {
        while true {
            let count = free.withLock { $0 }
            if count > 0 || Task.isCancelled { return max(count, 1) }
            await bell.wait(until: SystemClock().now().advanced(seconds: 1), clock: SystemClock())
        }
    }
}
