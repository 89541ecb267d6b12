/// What a guest should be; where it is so, the server rests.
package enum DesiredPower: String, Sendable, Codable, CaseIterable {
    case running, stopped
    /// In memory, with its clock stopped.
    case paused
    /// Its memory is in a file on its host.
    case suspended

    /// How a guest that is so is seen.
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

    /// What a guest that is seen so may be left as; `nil` where nobody knows.
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
