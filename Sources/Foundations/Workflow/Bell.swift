package import Model
import Synchronization

/// Wakes one waiter. A ring while nobody waits is kept for the next wait; many rings are one.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: (id: UInt64, continuation: CheckedContinuation<Bool, Never>)?
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let waiter = state.withLock { (state: inout State) -> CheckedContinuation<Bool, Never>? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume(returning: true)
    }

    /// Returns at the next ring, at `deadline`, or when cancelled; says whether it rang.
    @discardableResult
    package func wait(until deadline: Timestamp, clock: any CloudClock) async -> Bool {
        if forgetRing() { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.waitForRing() }
            group.addTask {
                do { try await clock.sleep(until: deadline) } catch { return false }
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            let second = await group.next() ?? false
            return first || second
        }
    }

    /// Forgets a ring that nobody has waited for; says whether there was one.
    @discardableResult
    package func forgetRing() -> Bool {
        state.withLock { state in
            defer { state.isRung = false }
            return state.isRung
        }
    }

    private func waitForRing() async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { (state: inout State) -> Bool? in
                    if state.isRung {
                        state.isRung = false
                        return true
                    }
                    if Task.isCancelled { return false }
                    state.waiter = (id, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { (state: inout State) -> CheckedContinuation<Bool, Never>? in
                guard let waiter = state.waiter, waiter.id == id else { return nil }
                state.waiter = nil
                return waiter.continuation
            }
            waiter?.resume(returning: false)
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
