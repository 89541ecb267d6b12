import Model

/// Servers that were taken away, oldest first, until they may be forgotten. An older document arrives half a minute
/// late at most, which is how long a call to the control plane may take.
struct Tombstones {
    private static let kept = Duration.seconds(40)

    private var queue: [(id: ServerID, since: ContinuousClock.Instant)] = []

    mutating func add(_ id: ServerID, at now: ContinuousClock.Instant = .now) {
        queue.append((id, now))
    }

    /// Takes out those that may be forgotten.
    mutating func takeOld(at now: ContinuousClock.Instant = .now) -> [ServerID] {
        let old = queue.prefix { $0.since.duration(to: now) > Self.kept }.map(\.id)
        queue.removeFirst(old.count)
        return old
    }
}
