import HostProtocol
import Model
import Networking

/// Which parts of the network each host has, by what it was answered last, and so whom a change concerns. A host that
/// does not ask is concerned by none.
struct NetworkFollowers {
    private struct Follower {
        var hostname: String
        var parts: Set<NetworkPart>

        func isConcerned(by change: NetworkChange) -> Bool {
            change.hosts.contains(hostname) || !parts.isDisjoint(with: change.parts)
        }
    }

    private var followers: [HostID: Follower] = [:]
    /// For each answer under way, what was told since it began.
    private var answers: [Int: NetworkChange] = [:]
    private var begun = 0

    /// An answer is about to be read; the number is for its end.
    mutating func begin() -> Int {
        begun += 1
        answers[begun] = NetworkChange()
        return begun
    }

    /// What the host has when it gets the answer. Says whether it is to ask again: what was told meanwhile may be
    /// missing in the answer.
    mutating func end(
        _ number: Int, for host: HostID, named hostname: String, holding: Set<NetworkPart>, _ news: TopologyNews
    ) -> Bool {
        let follower = Follower(
            hostname: hostname, parts: holding.subtracting(news.gone).union(news.changed.map(\.part)))
        followers[host] = follower
        return answers.removeValue(forKey: number).map { follower.isConcerned(by: $0) } ?? false
    }

    /// The answer could not be read.
    mutating func abandon(_ number: Int) {
        answers[number] = nil
    }

    /// The hosts that a change concerns.
    mutating func concerned(by change: NetworkChange) -> [HostID] {
        for number in answers.keys { answers[number]?.add(change) }
        return followers.filter { $1.isConcerned(by: change) }.map(\.key)
    }

    /// Nobody listens for the host any more.
    mutating func forget(_ host: HostID) {
        followers[host] = nil
    }
}
