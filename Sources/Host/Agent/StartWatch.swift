import HostProtocol
import HostStorage
import Hypervisor
import Model
import Synchronization

/// Notes the moments of one attempt, and whether it has started the guest.
final class StartWatch: Sendable {
    private struct State {
        var moments: StartMoments
        /// The length of the serial log before.
        var logSize: Int64?
    }

    /// How often the serial log is looked at, and for how long; other processes write it.
    private static let interval = Duration.milliseconds(100)
    private static let patience = Duration.seconds(300)

    private let state: Mutex<State>

    init(at now: Timestamp) {
        state = Mutex(State(moments: StartMoments(begun: now)))
    }

    func note(_ moment: any WritableKeyPath<StartMoments, Timestamp?> & Sendable) {
        let now = SystemClock().now()
        state.withLock { $0.moments[keyPath: moment] = now }
    }

    /// To be called before the start.
    func note(logSize: Int64?) { state.withLock { $0.logSize = logSize } }

    /// `nil` where no guest was started.
    var moments: StartMoments? {
        state.withLock { $0.moments.started == nil ? nil : $0.moments }
    }

    /// Whether a first byte is to be waited for.
    var hasLog: Bool { state.withLock { $0.logSize != nil && $0.moments.started != nil } }

    /// Returns when the guest has said something on its serial line, or will not any more; `nil` then.
    func firstByte(of server: ServerID, in storage: any HostStorage, from driver: any HypervisorDriver)
        async throws -> StartMoments?
    {
        let before = state.withLock { $0.logSize }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if try await storage.consoleSize(server) != before {
                note(\.firstSerialByte)
                return moments
            }
            guard try await driver.power(of: server).isOn else { return nil }
            try await Task.sleep(for: Self.interval)
        }
        return nil
    }
}
