package import HostProtocol
package import Model
import Store

/// A host as Nova's hypervisor: what it has, and what of it is used.
package struct HypervisorState: Sendable {
    package let host: Model.Host
    package let inventory: HostInventory
    package let servers: Int
    /// Those at which something is under way.
    package let busyServers: Int
    private let used: [String: Int]

    init(
        _ host: Model.Host, _ inventories: [Inventory], _ count: (servers: Int, busy: Int)
    ) throws {
        self.host = host
        inventory = try ComputeService.inventory(of: host)
        (servers, busyServers) = count
        used = Dictionary(inventories.map { ($0.resourceClass, $0.used + $0.reserved) }) { $1 }
    }

    /// What servers have, and what is kept for the host itself.
    package func used(_ resource: HostResource) -> Int { used[resource.rawValue] ?? 0 }
}

extension ComputeService {
    /// In order of their numbers.
    package func hypervisors() async throws -> [HypervisorState] {
        try await database.read { db in
            let inventories = Dictionary(grouping: try db.fetch(Inventory.self), by: \.providerID)
            let counts = try ServerQueries.countByHost(db)
            return try db.fetch(Model.Host.self, "ORDER BY number").map { host in
                try HypervisorState(
                    host, inventories[ResourceProviderID(host.id.text)] ?? [], counts[host.id] ?? (0, 0))
            }
        }
    }

    /// The servers of some hosts, oldest first.
    package func servers(on hosts: [HostID]) async throws -> [HostID: [Server]] {
        try await database.read { db in
            try hosts.reduce(into: [:]) { $0[$1] = try ServerQueries.placed(on: $1, db) }
        }
    }
}
