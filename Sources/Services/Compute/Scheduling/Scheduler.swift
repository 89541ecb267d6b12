/// Chooses hosts: rules drop, weighers order. Pure.
package enum Scheduler {
    /// Best first; empty when no host will do. One pass over the hosts, and a sort of those that pass; equals come in
    /// the order given, from a random one on.
    package static func choose(
        _ request: SchedulingRequest, among hosts: [HostState], using generator: inout some RandomNumberGenerator
    ) -> [HostState] {
        let passing = hosts.indices.filter { request.firstBroken(by: hosts[$0]) == nil }
        guard !passing.isEmpty else { return [] }
        let start = Int.random(in: passing.indices, using: &generator)
        return weigh(Array(passing[start...] + passing[..<start]), of: hosts, request.affinity)
    }

    /// Nova's RAM, CPU and disk weighers, each normalised to 0...1 over the candidates, with multiplier 1: the emptiest
    /// host wins. What a soft policy prefers comes before them, and then, as Nova's build-failure weigher has it, a
    /// host where fewer builds have failed. Equals stay in the order given.
    private static func weigh(_ passing: [Int], of hosts: [HostState], _ affinity: Affinity) -> [HostState] {
        var weights = [Double](repeating: 0, count: passing.count)
        for resource in HostResource.allCases {
            let values = passing.map { hosts[$0][resource].free }
            guard let low = values.min(), let high = values.max(), high > low else { continue }
            for (at, value) in values.enumerated() { weights[at] += Double(value - low) / Double(high - low) }
        }
        let preferences = passing.map { affinity.preference(for: hosts[$0].id) }
        let failures = passing.map { hosts[$0].failedBuilds }
        return passing.indices.sorted {
            (preferences[$1], failures[$0], weights[$1], $0) < (preferences[$0], failures[$1], weights[$0], $1)
        }.map { hosts[passing[$0]] }
    }

    /// Why none of the hosts will do, and what would come nearest to what was asked. Of changes that are equally small
    /// the one that most hosts would take is named.
    package static func refusal(of request: SchedulingRequest, among hosts: [HostState]) -> Refusal {
        var removals = HostRule.allCases.map(Refusal.Removal.init)
        var nearest: [(host: HostState, relaxations: [Relaxation])] = []
        var least = (count: Int.max, cost: 0.0)
        for host in hosts {
            guard let (rule, relaxations) = remedy(for: host, request) else { continue }
            removals[rule.rawValue].add(host)
            guard let relaxations else { continue }
            let size = (count: relaxations.count, cost: relaxations.reduce(0) { $0 + $1.cost })
            guard size <= least else { continue }
            if size < least { nearest = [] }
            least = size
            if !nearest.contains(where: { $0.relaxations == relaxations }) { nearest.append((host, relaxations)) }
        }
        let misses = nearest.map { found in
            let relaxed = request.relaxed(by: found.relaxations)
            return NearestMiss(
                relaxations: found.relaxations, hosts: hosts.count { relaxed.firstBroken(by: $0) == nil },
                hostname: found.host.hostname)
        }
        let best = misses.reduce(nil as NearestMiss?) { best, miss in
            best.map { $0.hosts >= miss.hosts ? $0 : miss } ?? miss
        }
        return Refusal(considered: hosts.count, removals: removals.filter { $0.count > 0 }, nearestMiss: best)
    }

    /// The first rule that a host breaks, and all that the request must give up for it, if that helps.
    private static func remedy(
        for host: HostState, _ request: SchedulingRequest
    ) -> (broken: HostRule, relaxations: [Relaxation]?)? {
        var first: HostRule?
        var relaxations: [Relaxation]? = []
        request.judge(host) { rule, relaxation in
            if first == nil { first = rule }
            guard let relaxation else {
                relaxations = nil
                return false
            }
            relaxations?.append(relaxation)
            return true
        }
        return first.map { ($0, relaxations) }
    }
}
