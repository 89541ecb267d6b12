package import Model
import Store

/// What placing servers would come to at this moment. Nothing is taken, so another request may come first.
package struct Explanation: Sendable {
    /// How many servers were asked for, and for how many there is room.
    package var wanted = 1
    package var placed = 0
    /// How many hosts there are to choose from, and which take the first server, best first.
    package var considered: Int
    package var hostnames: [String]
    /// What turns the other hosts away; of the first server that finds none, where one does.
    package var refusal: Refusal
    /// Why the project may not have them.
    package var quota: String?

    package var wouldSucceed: Bool { placed == wanted && quota == nil }
}

/// Dry runs: the rules by which servers are placed, asked for without placing one. What the real request would refuse
/// at once, they refuse in the same words.
extension ComputeService {
    package func explainCreation(_ request: ServerCreateRequest, by caller: Caller) async throws -> Explanation {
        let plan = try await plan(request, by: caller)
        let now = clock.now()
        return try await database.read { db in
            var quota: String?
            do {
                _ = try plan.allowedCount(db)
            } catch let error as CloudError where error.kind == .overQuota {
                quota = error.message
            }
            let group = try plan.hints.group.flatMap { try db.find(ServerGroup.self, key: .id($0)) }
            var wanted = plan.scheduling
            wanted.affinity = try Affinity.load(plan.hints, group, without: .random(), db)
            var found = Self.explain(wanted, request.minCount, among: try Self.hostStates(at: now, db))
            found.quota = quota
            return found
        }
    }

    /// Of a resize on the server's host.
    package func explainResize(
        of id: ServerID, to flavorID: FlavorID, by caller: Caller
    ) async throws -> Explanation {
        let now = clock.now()
        return try await database.read { db in
            var server = try visible(id, by: caller, db)
            try OperationStart.check(ServerOperation.resize.rule, on: server, by: caller)
            let flavor = try FlavorSnapshot(try newFlavor(flavorID, for: server, by: caller, db))
            let quota = try Self.quotaRefusal(
                of: flavor, instead: server.flavor.value(), for: server.projectID, db)
            server.flavor = try JSONText(flavor)
            let hosts = try Self.hostStates(at: now, db).filter { $0.id == server.hostID }
            var found = Self.explain(try SchedulingRequest(of: server, db), 1, among: hosts)
            found.quota = quota
            return found
        }
    }

    package func explainUnshelving(
        of id: ServerID, to place: UnshelvePlace, by caller: Caller
    ) async throws -> Explanation {
        if let zone = place.zone, let zone { _ = try self.zone(zone, by: caller) }
        let now = clock.now()
        return try await database.read { db in
            var server = try visible(id, by: caller, db)
            try OperationStart.check(ServerOperation.unshelve.rule, on: server, by: caller)
            var hosts = try Self.hostStates(at: now, db)
            if server.settled == .shelved { hosts.removeAll { $0.id != server.hostID } }
            if let zone = place.zone { server.requestedZone = zone }
            try Self.check(place.hostname, for: server, among: hosts, by: caller)
            return try Self.explain(server, to: place.hostname, among: hosts, db)
        }
    }

    /// Of a move to another host.
    package func explainMigration(
        of id: ServerID, to hostname: String?, by caller: Caller
    ) async throws -> Explanation {
        let now = clock.now()
        return try await database.read { db in
            let server = try visible(id, by: caller, db)
            let hosts = try Self.hostStates(at: now, db).filter { $0.id != server.hostID }
            return try Self.explain(server, to: hostname, among: hosts, db)
        }
    }

    private static func explain(
        _ server: Server, to hostname: String?, among hosts: [HostState], _ db: any Connection
    ) throws -> Explanation {
        var wanted = try SchedulingRequest(of: server, db)
        wanted.requestedHost = hostname
        wanted.affinity = try Affinity.load(
            SchedulerHints(server.hints), ServerGroupQueries.group(of: server.id, db), without: server.id, db)
        return explain(wanted, 1, among: hosts)
    }

    /// Servers are placed one after the other, and each counts for those that follow.
    private static func explain(_ request: SchedulingRequest, _ count: Int, among all: [HostState]) -> Explanation {
        var generator = SystemRandomNumberGenerator()
        var (wanted, hosts) = (request, all)
        var found = Explanation(
            wanted: count, considered: all.count, hostnames: [], refusal: Scheduler.refusal(of: request, among: all))
        while found.placed < count {
            let candidates = Scheduler.choose(wanted, among: hosts, using: &generator)
            if found.placed == 0 { found.hostnames = candidates.map(\.hostname) }
            guard let best = candidates.first, let place = hosts.firstIndex(where: { $0.id == best.id }) else {
                found.refusal = Scheduler.refusal(of: wanted, among: hosts)
                break
            }
            for resource in HostResource.allCases { hosts[place][resource].used += wanted[resource] }
            if wanted.affinity.policy != nil { wanted.affinity.members[best.id, default: 0] += 1 }
            found.placed += 1
        }
        return found
    }

    private static func quotaRefusal(
        of new: FlavorSnapshot, instead old: FlavorSnapshot, for project: ProjectID, _ db: any Connection
    ) throws -> String? {
        let known = try QuotaQueries.ofServers(of: project, db)
        for (resource, more) in [("cores", new.vcpus - old.vcpus), ("ram", new.ram - old.ram)] where more > 0 {
            let limit = try known[resource]?.limit ?? QuotaQueries.defaultLimit(of: resource, db)
            let used = known[resource]?.used ?? 0
            guard limit >= 0, used + more > limit else { continue }
            return CreationPlan.overQuota(
                Quota(projectID: project, resource: resource, limit: limit, used: used), requested: more
            ).message
        }
        return nil
    }
}
