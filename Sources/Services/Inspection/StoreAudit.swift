import Compute
import Model
package import Store

/// Compares what the store says in one place with what it says in another. Reads one snapshot and writes nothing.
package enum StoreAudit {
    /// One line a difference; none when all is well. What an operation under way is changing is left out.
    package static func differences(in database: any Database) async throws -> [String] {
        try await database.read { db in
            try AuditQueries.differences(db) + servers(db) + addresses(db) + zones(db)
        }
    }

    /// Allocations and quota use against the flavors of the servers.
    private static func servers(_ db: any Connection) throws -> [String] {
        let servers = try db.fetch(Server.self, "WHERE deleted_at IS NULL ORDER BY id")
        var differences: [String] = []
        var use: [String: Int] = [:]
        for server in servers {
            var flavors = [try server.flavor.value()]
            if let migration = try MigrationQueries.open(of: server.id, db) {
                flavors += [try migration.oldFlavor.value(), try migration.newFlavor.value()]
            }
            if server.settled != .softDeleted {
                use["\(server.projectID) cores", default: 0] += flavors.map(\.vcpus).max() ?? 0
                use["\(server.projectID) ram", default: 0] += flavors.map(\.ram).max() ?? 0
            }
            if server.operation != nil { continue }
            differences += try power(of: server, db)
            let held = Dictionary(
                uniqueKeysWithValues: try claim(of: server.id, db).map { ($0.resourceClass, $0.used) })
            let wanted = Dictionary(
                uniqueKeysWithValues: try SchedulingRequest(of: server, db).resources.map {
                    ($0.resourceClass, $0.amount)
                }
            ).filter { $0.value > 0 }
            let mayHoldNothing =
                held.isEmpty
                && (server.settled == .error || (server.hostID == nil && Self.isSetAside(server.settled)))
            if held != wanted, !mayHoldNothing {
                differences.append(
                    "allocation: \(server.id) holds \(held.sorted(by: <)), wants \(wanted.sorted(by: <))")
            }
        }
        for quota in try db.fetch(Quota.self, "WHERE resource IN ('cores', 'ram') ORDER BY project_id, resource") {
            let there = use.removeValue(forKey: "\(quota.projectID) \(quota.resource)") ?? 0
            if there != quota.used {
                differences.append(
                    "quota use: \(quota.projectID) counts \(quota.used) \(quota.resource), there are \(there)")
            }
        }
        return differences
            + use.filter { $0.value > 0 }.map { "quota use: \($0.key) is not counted: \($0.value)" }.sorted()
    }

    private static func isSetAside(_ settled: SettledState) -> Bool {
        settled == .shelvedOffloaded || settled == .softDeleted
    }

    /// What a server at rest shows against how its guest was last seen.
    private static func power(of server: Server, _ db: any Connection) throws -> [String] {
        guard let due = DesiredPower.allCases.first(where: { $0.settled == server.settled }),
            let seen = try ServerPlacementQueries.current(of: server.id, db)?.observedPower,
            DesiredPower(seen: seen) != due
        else { return [] }
        return ["power: \(server.id) rests \(server.settled.rawValue), its guest was last seen \(seen.rawValue)"]
    }

    /// What it holds where it is.
    private static func claim(of server: ServerID, _ db: any Connection) throws -> [Allocation] {
        guard let placement = try ServerPlacementQueries.current(of: server, db) else { return [] }
        return try ServerPlacementQueries.allocations(placement, db)
    }

    /// The zone of each host against its aggregates.
    private static func zones(_ db: any Connection) throws -> [String] {
        try HostQueries.all(db).compactMap { host in
            let zone = try ComputeService.zone(of: host.id, db) ?? Host.defaultZone
            guard zone != host.availabilityZone else { return nil }
            return "zone: host \(host.hostname) is in \(host.availabilityZone), its aggregates say \(zone)"
        }
    }

    /// Addresses that ports show against those that are taken.
    private static func addresses(_ db: any Connection) throws -> [String] {
        var shown: Set<String> = []
        for port in try db.fetch(Port.self) {
            for address in try port.fixedIPs.value() {
                shown.insert("\(address.ipAddress) in \(address.subnetID) of \(port.id)")
            }
        }
        let taken = Set(try SubnetQueries.takenAddresses(db))
        return shown.subtracting(taken).sorted().map { "address that is not taken: \($0)" }
            + taken.subtracting(shown).sorted().map { "address that no port shows: \($0)" }
    }
}
