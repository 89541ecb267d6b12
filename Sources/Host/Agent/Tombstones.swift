import Model

/// Servers that were taken away, in the order in which they were, until they may be forgotten: documents of them cannot
/// come late by more than a request's time.
struct Tombstones {
    private static let kept = 10_000
    private static let longest = Duration.seconds(3600)
    private static let shortest = Duration.seconds(60)

    private var queue: [(id: ServerID, since: ContinuousClock.Instant)] = []

    mutating func add(_ id: ServerID, at now: ContinuousClock.Instant = .now) {
        queue.append((id, now))
    }

    /// Those older than an hour, and beyond 10,000 those older than a minute.
    mutating func takeOld(at now: ContinuousClock.Instant = .now) -> [ServerID] {
        let surplus = queue.count - Self.kept
        let old = queue.enumerated().prefix { place, entry in
            entry.since.duration(to: now) > (place < surplus ? Self.shortest : Self.longest)
        }.map(\.element.id)
        queue.removeFirst(old.count)
        return old
    }
}
