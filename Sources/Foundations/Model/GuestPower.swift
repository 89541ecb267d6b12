/// What is seen of a guest on its host; `absent` when nothing of the server is left there.
package enum GuestPower: String, Codable, Sendable {
    case absent, running, paused, shutdown, crashed, unknown
    /// Off, with its memory in a file.
    case suspended

    /// Nova's power states (compute/power_state.py). Its libvirt driver calls a suspended guest shut down, too.
    package var number: Int {
        switch self {
        case .absent, .unknown: 0
        case .running: 1
        case .paused: 3
        case .shutdown, .suspended: 4
        case .crashed: 6
        }
    }

    /// Whether its memory is in use.
    package var isOn: Bool { self == .running || self == .paused }
}
