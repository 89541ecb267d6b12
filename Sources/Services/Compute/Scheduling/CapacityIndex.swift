import HostProtocol
package import Model
package import Store
import Synchronization

/// The hosts and their free resources in memory, so that choosing costs no query. Own claims are counted at once, those
/// of other processes at the next refresh.
package final class CapacityIndex: Sendable {
    fileprivate struct Hosts {
        /// By name.
        var sorted: [HostState] = []
        var places: [HostID: Int] = [:]
        var failures: [HostID: Failures] = [:]
    }

    fileprivate struct Failures {
        var count = 0
        var last: Timestamp
    }

    /// How long a failed build counts against its host, unless one succeeds there.
    package static let failureSeconds = 600.0

    private let hosts = Mutex(Hosts())

    package init() {}

    /// In order of name.
    package var all: [HostState] { hosts.withLock(\.sorted) }

    package subscript(id: HostID) -> HostState? {
        hosts.withLock { hosts in hosts.places[id].map { hosts.sorted[$0] } }
    }

    package func replace(_ states: [HostState]) {
        let sorted = states.sorted { $0.hostname < $1.hostname }
        let places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.id, $0) })
        hosts.withLock { hosts in
            (hosts.sorted, hosts.places) = (sorted, places)
            for (host, failures) in hosts.failures { hosts.show(failures.count, of: host) }
        }
    }

    /// A host that could not build a server comes after those that could.
    package func countFailedBuild(on host: HostID, at now: Timestamp) {
        hosts.withLock { hosts in
            hosts.forgetFailures(before: now.advanced(seconds: -Self.failureSeconds))
            var failures = hosts.failures[host] ?? Failures(last: now)
            failures.count += 1
            failures.last = now
            hosts.failures[host] = failures
            hosts.show(failures.count, of: host)
        }
    }

    package func countBuild(on host: HostID, at now: Timestamp) {
        hosts.withLock { hosts in
            if hosts.failures.isEmpty { return }
            hosts.forgetFailures(before: now.advanced(seconds: -Self.failureSeconds))
            if hosts.failures.removeValue(forKey: host) != nil { hosts.show(0, of: host) }
        }
    }

    /// Counts a claim that has been committed.
    package func countClaimed(_ request: SchedulingRequest, on host: HostID) {
        hosts.withLock { hosts in
            guard let place = hosts.places[host] else { return }
            for resource in HostResource.allCases { hosts.sorted[place][resource].used += request[resource] }
        }
    }

    /// Counts what a consumer gives back.
    package func countReleased(_ allocations: [Allocation]) {
        hosts.withLock { hosts in
            for part in allocations {
                guard let place = hosts.places[HostID(part.providerID.text)],
                    let resource = HostResource(rawValue: part.resourceClass)
                else { continue }
                hosts.sorted[place][resource].used -= part.used
            }
        }
    }
}

extension CapacityIndex.Hosts {
    fileprivate mutating func show(_ failures: Int, of host: HostID) {
        if let place = places[host] { sorted[place].failedBuilds = failures }
    }

    fileprivate mutating func forgetFailures(before time: Timestamp) {
        for (host, found) in failures where found.last < time {
            failures[host] = nil
            show(0, of: host)
        }
    }
}

extension ComputeService {
    /// Reads the hosts anew; to be called every second, and when a host comes or goes.
    package func refreshCapacity() async throws {
        let now = clock.now()
        capacity.replace(try await database.read { try Self.hostStates(at: now, $0) })
    }

    /// The hosts as the store has them, in order of name.
    package static func hostStates(at now: Timestamp, _ db: any Connection) throws -> [HostState] {
        let inventories = Dictionary(grouping: try db.fetch(Inventory.self), by: \.providerID)
        let traits = try PlacementQueries.traits(db)
        let epochs = Dictionary(
            uniqueKeysWithValues: try db.fetch(ResourceProvider.self).map { ($0.id, $0.epoch) })
        let metadata = try AggregateQueries.metadataByHost(db)
        return try HostQueries.all(db).map { host in
            let provider = ResourceProviderID(host.id.text)
            var state = try state(of: host, inventories[provider] ?? [], at: now)
            state.traits = traits[provider] ?? []
            state.aggregates = metadata[host.id].flatMap(HostAggregates.init)
            state.epoch = epochs[provider] ?? 0
            return state
        }
    }

    /// What its own row and its inventories say.
    private static func state(
        of host: Model.Host, _ inventories: [Inventory], at now: Timestamp
    ) throws -> HostState {
        let facts = try inventory(of: host)
        func capacity(_ resource: HostResource) -> HostState.Capacity {
            guard let found = inventories.first(where: { $0.resourceClass == resource.rawValue }) else {
                return .init(limit: 0, used: 0, maxUnit: 0)
            }
            return .init(limit: found.capacity, used: found.used, maxUnit: found.maxUnit)
        }
        return HostState(
            id: host.id, hostname: host.hostname, availabilityZone: host.availabilityZone, isUp: host.isUp(at: now),
            isDisabled: host.isDisabled, troubles: try host.troubles.value(), architecture: facts.cpuArchitecture,
            hypervisorType: facts.hypervisorType, traits: [], vcpus: capacity(.vcpus),
            memoryMiB: capacity(.memory), diskGiB: capacity(.disk))
    }
}
