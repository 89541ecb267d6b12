import Model
import Store

/// Finds a host for servers of one request and claims it, inside the transaction that writes them.
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
    /// When every candidate has been filled meanwhile, the store's own figures decide.
    func place(_ server: Server, in group: ServerGroup?, _ db: any Connection) throws -> Outcome {
        if let refusal = prepared?.refusal { return .refused(refusal) }
        var wanted = request
        wanted.affinity = try Affinity.load(hints, group, without: server.id, db)
        let candidates = prepared.map { rotated($0.candidates, by: server.launchIndex) } ?? choose(wanted, hosts)
        if let host = try claim(candidates, for: server, db) { return .on(host) }
        guard !candidates.isEmpty else { return .refused(Scheduler.refusal(of: wanted, among: hosts)) }
        let current = try ComputeService.hostStates(at: now, db).filter { !excluded.contains($0.id) }
        if let host = try claim(choose(wanted, current), for: server, db) { return .on(host) }
        return .refused(Scheduler.refusal(of: wanted, among: current))
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

    private func claim(_ candidates: [HostState], for server: Server, _ db: any Connection) throws -> HostState? {
        try candidates.first { host in
            try PlacementQueries.claim(
                request.resources, on: ResourceProviderID(host.id.text), for: server.id.text,
                project: server.projectID, user: server.userID, db)
        }
    }
}
