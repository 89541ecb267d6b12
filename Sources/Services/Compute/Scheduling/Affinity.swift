package import Model
import Store

/// Where those servers are that a request wants to be with, or away from.
package struct Affinity: Sendable, Equatable {
    package var policy: ServerGroup.Policy?
    /// How many members of an anti-affinity group a host may hold.
    package var limit = 1
    /// The group's other members, by host.
    package var members: [HostID: Int] = [:]
    /// The hosts of the hint `same_host`; `nil` without the hint, empty when none of its servers is on a host.
    package var sameHosts: Set<HostID>?
    package var differentHosts: Set<HostID> = []

    package init() {}

    /// Higher is better; only soft policies prefer.
    func preference(for host: HostID) -> Int {
        switch policy {
        case .softAffinity: members[host] ?? 0
        case .softAntiAffinity: -(members[host] ?? 0)
        default: 0
        }
    }

    /// As it is at this moment: to be asked for in the transaction of the claim.
    static func load(
        _ hints: SchedulerHints, _ group: ServerGroup?, without server: ServerID, _ db: any Connection
    ) throws -> Affinity {
        var found = Affinity()
        if let group {
            found.policy = group.policy
            found.limit = group.maxServerPerHost ?? 1
            found.members = try ServerGroupQueries.membersByHost(of: group.id, without: server, db)
        }
        func hosts(_ servers: [ServerID]) throws -> Set<HostID> {
            Set(try servers.compactMap { try ServerQueries.live($0, db)?.placedOn })
        }
        if !hints.sameHost.isEmpty { found.sameHosts = try hosts(hints.sameHost) }
        found.differentHosts = try hosts(hints.differentHost)
        return found
    }
}
