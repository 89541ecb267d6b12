/// The power that a guest should have. Each goes with the state in which the server rests.
package enum DesiredPower: String, Sendable, Codable, CaseIterable {
    case running, stopped
    /// In memory, with its clock stopped.
    case paused
    /// Its memory is in a file on its host.
    case suspended

    /// How its host sees a guest that has it.
    package var seen: GuestPower {
        switch self {
        case .running: .running
        case .stopped: .shutdown
        case .paused: .paused
        case .suspended: .suspended
        }
    }

    package var settled: SettledState {
        switch self {
        case .running: .active
        case .stopped: .stopped
        case .paused: .paused
        case .suspended: .suspended
        }
    }

    /// The power that a guest which is seen so already has; `nil` where its host does not know.
    package init?(seen power: GuestPower) {
        switch power {
        case .running: self = .running
        case .shutdown, .crashed: self = .stopped
        case .paused: self = .paused
        case .suspended: self = .suspended
        case .absent, .unknown: return nil
        }
    }
}
