import Foundation
import Synchronization

/// Where this process may be ended as `kill -9` ends it: nothing is flushed, nobody is told.
final class CrashPoints: Sendable {
    private struct State {
        var isArmed = false
        var passed: [String: Int] = [:]
        var order: [String] = []
    }

    private let state = Mutex(State())
    /// `name#occurrence`, counted from 1 after arming.
    private let deadly: String?
    private let signal: Int32

    /// With SIGSTOP in place of SIGKILL the process stands still at the point.
    init(deadly: String?, signal: Int32 = SIGKILL) {
        self.deadly = deadly
        self.signal = signal
    }

    /// From now on points count.
    func arm() {
        state.withLock { $0.isArmed = true }
    }

    func pass(_ name: String) {
        let point = state.withLock { state -> String? in
            guard state.isArmed else { return nil }
            state.passed[name, default: 0] += 1
            let point = "\(name)#\(state.passed[name] ?? 0)"
            state.order.append(point)
            return point
        }
        // To this thread, which must not go on; a signal to the process may reach another thread first.
        if let point, point == deadly { raise(signal) }
    }

    /// Every point passed since arming, in order.
    var passed: [String] { state.withLock { $0.order } }

    /// The point before an effect, the effect, and the point after it.
    func around<Result>(_ name: String, _ body: () async throws -> Result) async rethrows -> Result {
        pass("before \(name)")
        let result = try await body()
        pass("after \(name)")
        return result
    }
}
