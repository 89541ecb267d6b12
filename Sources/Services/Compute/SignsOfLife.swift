import Model
import Synchronization

/// When this process has last written that a host lives: of hosts that say something all the time, once a second is
/// enough.
final class SignsOfLife: Sendable {
    private static let seconds = 1.0
    private let written = Mutex<[HostID: Timestamp]>([:])

    /// Whether it is to be written now; then it counts as written.
    func isDue(_ host: HostID, _ now: Timestamp) -> Bool {
        written.withLock { written in
            if let last = written[host], last <= now, now < last.advanced(seconds: Self.seconds) { return false }
            written[host] = now
            return true
        }
    }
}
