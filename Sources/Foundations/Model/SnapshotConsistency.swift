/// What an image of a disk that was in use is worth, and how it says so.
package enum SnapshotConsistency: String, Sendable, Codable, CaseIterable, Comparable {
    /// As after a loss of power.
    case crash
    /// Nothing wrote to its file systems; none needs a repair.
    case filesystem
    /// Its applications had put away what they had in hand, too.
    case application

    /// The image's property, and the key of a request's metadata that asks for no less.
    package static let property = "novella_snapshot_consistency"
    package static let frozenProperty = "novella_snapshot_frozen_ms"
    package static let disksProperty = "novella_snapshot_disks"
    /// Why it is not more consistent than it is.
    package static let reasonProperty = "novella_snapshot_reason"
    /// Of an image whose guest agent runs the hooks of its applications when it freezes; a hook that fails fails the
    /// freeze.
    package static let hookProperty = "novella_fsfreeze_hook"

    package static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .crash: 0
        case .filesystem: 1
        case .application: 2
        }
    }
}
