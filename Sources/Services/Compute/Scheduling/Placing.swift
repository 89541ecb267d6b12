import Model
import Store

/// Finds a host for each server of one request and claims its resources, inside the transaction that writes them and
/// the server's placement. A transaction that runs again begins with a new one.
struct Placing: Sendable {
    var request: SchedulingRequest
    var hints: SchedulerHints
    /// What the index in memory knew before the transaction.
    var hosts: [HostState]
    /// Never to be taken: they have failed.
    var excluded: Set<HostID> = []
    let now: Timestamp
    /// Where other servers do not matter, the choice is made outside of the transaction.
    private var prepared: (candidates: [HostState], refusal: Refusal?)?

    enum Outcome: Sendable {
        case on(HostState)
        case refused(Refusal)
    }

    init(
        _ request: SchedulingRequest, _ hints: SchedulerHints, among hosts: [HostState],
        excluded: Set<HostID> = [], now: Timestamp
    ) {
        self.request = request
        self.hints = hints
        self.hosts = excluded.isEmpty ? hosts : hosts.filter { !excluded.contains($0.id) }
        self.excluded = excluded
        self.now = now
        guard hints.isEmpty else { return }
        let candidates = choose(request, self.hosts)
        prepared = (candidates, candidates.isEmpty ? Scheduler.refusal(of: request, among: self.hosts) : nil)
    }

    /// Where other servers are is read anew, so that what was true when the host was chosen is true when it is claimed.
    /// When every candidate has been filled or changed meanwhile, the store's own figures decide.
    mutating func place(_ server: Server, in group: ServerGroup?, _ db: any Connection) throws -> Outcome {
        if let refusal = prepared?.refusal { return .refused(refusal) }
        var wanted = request
        wanted.affinity = try Affinity.load(hints, group, without: server.id, db)
        let candidates = prepared.map { rotated($0.candidates, by: server.launchIndex) } ?? choose(wanted, hosts)
        if let host = try claim(candidates, for: server, db) { return .on(host) }
        if !candidates.isEmpty {
            hosts = try ComputeService.hostStates(at: now, db).filter { !excluded.contains($0.id) }
            let found = try claim(choose(wanted, hosts), for: server, db)
            let left = prepared == nil ? [] : choose(wanted, hosts)
            prepared?.candidates = left
            if let found { return .on(found) }
        }
        let refusal = Scheduler.refusal(of: wanted, among: hosts)
        prepared?.refusal = refusal
        return .refused(refusal)
    }

    private func choose(_ request: SchedulingRequest, _ hosts: [HostState]) -> [HostState] {
        var generator = SystemRandomNumberGenerator()
        return Scheduler.choose(request, among: hosts, using: &generator)
    }

    /// Servers of one request begin at different candidates.
    private func rotated(_ hosts: [HostState], by count: Int) -> [HostState] {
        guard !hosts.isEmpty else { return hosts }
        let start = count % hosts.count
        return Array(hosts[start...] + hosts[..<start])
    }

    /// What is taken counts for the servers that follow, and what was full stays full.
    private mutating func claim(
        _ candidates: [HostState], for server: Server, _ db: any Connection
    ) throws -> HostState? {
        for host in candidates {
            let isClaimed = try PlacementQueries.claim(
                request.resources, on: ResourceProviderID(host.id.text), for: server.id.text,
                project: server.projectID, user: server.userID, epoch: host.epoch, db)
            guard isClaimed else {
                prepared?.candidates.removeAll { $0.id == host.id }
                continue
            }
            if let place = hosts.firstIndex(where: { $0.id == host.id }) {
                for resource in HostResource.allCases { hosts[place][resource].used += request[resource] }
            }
            return host
        }
        return nil
    }
}
