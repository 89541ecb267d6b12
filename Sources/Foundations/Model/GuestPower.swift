/// What is seen of a guest on its host; `absent` when nothing of the server is left there.
package enum GuestPower: String, Codable, Sendable {
    case absent, running, paused, shutdown, crashed, unknown

    /// Nova's power states (compute/power_state.py).
    package var number: Int {
        switch self {
        case .absent, .unknown: 0
        case .running: 1
        case .paused: 3
        case .shutdown: 4
        case .crashed: 6
        }
    }
}
