/// Chooses hosts: filters drop, weighers order. Pure.
package enum Scheduler {
    package struct Choice: Sendable {
        /// Best first.
        package var hosts: [HostState]
        /// How many hosts each filter dropped, by its reason; in the order asked.
        package var dropped: [(reason: String, count: Int)]
        package var considered: Int

        /// Why nothing is left, in one sentence.
        package var explanation: String {
            let parts = dropped.map { "\($0.count) \($0.reason)" }
            return "No valid host was found. Of \(considered) hosts, "
                + (parts.isEmpty ? "none could be claimed in time." : parts.joined(separator: ", ") + ".")
        }
    }

    package static func choose(
        _ request: SchedulingRequest, among hosts: [HostState], using generator: inout some RandomNumberGenerator
    ) -> Choice {
        if let forced = request.forcedHost {
            let found = hosts.filter { $0.hostname == forced }
            return Choice(
                hosts: found, dropped: [("are not the forced host", hosts.count - found.count)], considered: hosts.count
            )
        }
        var left = hosts
        var dropped: [(reason: String, count: Int)] = []
        for filter in HostFilter.all {
            let passing = left.filter { filter.passes($0, request) }
            if passing.count < left.count { dropped.append((filter.reason, left.count - passing.count)) }
            left = passing
        }
        left.shuffle(using: &generator)
        return Choice(hosts: weigh(left), dropped: dropped, considered: hosts.count)
    }

    /// Nova's RAM, CPU and disk weighers, each normalised to 0...1 over the candidates, with multiplier 1: the emptiest
    /// host wins. Equals stay in the order given.
    private static func weigh(_ hosts: [HostState]) -> [HostState] {
        let aspects: [(HostState) -> Int] = [\.memoryMiB.free, \.vcpus.free, \.diskGiB.free]
        var weights = [Double](repeating: 0, count: hosts.count)
        for aspect in aspects {
            let values = hosts.map(aspect)
            guard let low = values.min(), let high = values.max(), high > low else { continue }
            for (at, value) in values.enumerated() { weights[at] += Double(value - low) / Double(high - low) }
        }
        return hosts.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }.map { hosts[$0] }
    }
}
