import Foundation
import HostProtocol
import Model
import Store
import Synchronization

/// The hosts and their free resources in memory, so that choosing costs no query. Own claims are counted at once, those
/// of other processes at the next refresh.
package final class CapacityIndex: Sendable {
    private let hosts = Mutex<[HostID: HostState]>([:])

    package init() {}

    package var all: [HostState] {
        hosts.withLock { Array($0.values) }.sorted { $0.hostname < $1.hostname }
    }

    func replace(_ states: [HostState]) {
        hosts.withLock { $0 = Dictionary(uniqueKeysWithValues: states.map { ($0.id, $0) }) }
    }

    /// Counts a claim (or, negative, a release) that has been committed.
    func count(_ request: SchedulingRequest, times: Int, on host: HostID) {
        hosts.withLock { hosts in
            hosts[host]?.vcpus.used += request.vcpus * times
            hosts[host]?.memoryMiB.used += request.memoryMiB * times
            hosts[host]?.diskGiB.used += request.diskGiB * times
        }
    }
}

extension ComputeService {
    /// Reads the hosts anew; to be called every second, and when a host comes or goes.
    package func refreshCapacity() async throws {
        let now = clock.now()
        let states = try await database.read { db in
            let inventories = Dictionary(grouping: try db.fetch(Inventory.self), by: \.providerID.text)
            return try HostQueries.all(db).map { host in
                try Self.state(of: host, inventories[host.id.text] ?? [], at: now)
            }
        }
        capacity.replace(states)
    }

    private static func state(of host: Model.Host, _ inventories: [Inventory], at now: Timestamp) throws -> HostState {
        let facts = try JSONDecoder().decode(HostInventory.self, from: Data(host.inventory.utf8))
        func capacity(_ resourceClass: String) -> HostState.Capacity {
            guard let found = inventories.first(where: { $0.resourceClass == resourceClass }) else {
                return .init(limit: 0, used: 0, maxUnit: 0)
            }
            return .init(limit: found.capacity, used: found.used, maxUnit: found.maxUnit)
        }
        return HostState(
            id: host.id, hostname: host.hostname, availabilityZone: host.availabilityZone, isUp: host.isUp(at: now),
            isDisabled: host.isDisabled, architecture: facts.cpuArchitecture, hypervisorType: facts.hypervisorType,
            vcpus: capacity("VCPU"), memoryMiB: capacity("MEMORY_MB"), diskGiB: capacity("DISK_GB"))
    }
}
