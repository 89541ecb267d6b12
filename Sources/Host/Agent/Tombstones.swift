import Model

/// Servers that were taken away, in the order in which they were, until they may be forgotten: an older document comes
/// late by half a minute at most, which is how long a call to the control plane may take.
struct Tombstones {
    private static let kept = Duration.seconds(40)

    private var queue: [(id: ServerID, since: ContinuousClock.Instant)] = []

    mutating func add(_ id: ServerID, at now: ContinuousClock.Instant = .now) {
        queue.append((id, now))
    }

    /// Those older than that.
    mutating func takeOld(at now: ContinuousClock.Instant = .now) -> [ServerID] {
        let old = queue.prefix { $0.since.duration(to: now) > Self.kept }.map(\.id)
        queue.removeFirst(old.count)
        return old
    }
}
