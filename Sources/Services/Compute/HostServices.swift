package import Model
import Store

/// What administrators say of the compute service of a host.
package struct ServiceChange: Sendable {
    package var isDisabled: Bool?
    /// Goes away with `isDisabled` where it is not given again.
    package var disabledReason: String?
    package var isForcedDown: Bool?

    package init(isDisabled: Bool? = nil, disabledReason: String? = nil, isForcedDown: Bool? = nil) {
        self.isDisabled = isDisabled
        self.disabledReason = disabledReason
        self.isForcedDown = isForcedDown
    }
}

/// The compute services: one on each host.
extension ComputeService {
    package func changeService(of id: HostID, _ change: ServiceChange) async throws -> Model.Host {
        let host = try await database.transaction { db in
            let old = try Self.serviceHost(id, db)
            var host = old
            if let isDisabled = change.isDisabled {
                host.isDisabled = isDisabled
                host.disabledReason = change.disabledReason
            }
            if let isForcedDown = change.isForcedDown { host.isForcedDown = isForcedDown }
            try db.update(host, from: old)
            try Self.setTraits(of: host, try Self.inventory(of: host), db)
            try PlacementQueries.raiseEpoch(of: ResourceProviderID(id.text), db)
            return host
        }
        try await refreshCapacity()
        return host
    }

    /// Takes the host out of its aggregates, and away with its resource provider. Its agent, where it lives, is told
    /// that it is not known, and is a new host at its next start.
    package func deleteService(of id: HostID) async throws {
        let now = clock.now()
        try await database.transaction { db in
            let host = try Self.serviceHost(id, db)
            let owes = try host.isUp(at: now) && ServerPlacementQueries.isAny(on: id, db)
            guard !owes, try HostQueries.serverCount(on: [id], db) == 0 else {
                throw CloudError.conflict(
                    "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."
                )
            }
            try HostQueries.forget(id, db)
        }
        try await refreshCapacity()
    }

    private static func serviceHost(_ id: HostID, _ db: any Connection) throws -> Model.Host {
        guard let host = try db.find(Model.Host.self, key: .id(id)) else {
            throw CloudError.notFound("Service", id)
        }
        return host
    }
}
