package import Model
package import Store

/// Host aggregates. What they say of a host counts from the commit on: a claim that was made by what held before is
/// refused (`docs/decisions/0021-aggregates-and-services.md`).
extension ComputeService {
    package struct ShownAggregate: Sendable {
        package let aggregate: Aggregate
        package let zone: String?
        package let hosts: [String]

        init(_ aggregate: Aggregate, hosts: [String]) throws {
            self.aggregate = aggregate
            zone = try aggregate.zone()
            self.hosts = hosts
        }
    }

    package func aggregates() async throws -> [ShownAggregate] {
        try await database.read { db in
            let hosts = try AggregateQueries.hostnames(db)
            return try AggregateQueries.all(db).map { try ShownAggregate($0, hosts: hosts[$0.id] ?? []) }
        }
    }

    package func aggregate(_ id: Int) async throws -> ShownAggregate {
        try await database.read { db in
            guard let found = try db.find(Aggregate.self, key: .int(id)) else { throw Self.noAggregate(id) }
            return try ShownAggregate(found, hosts: AggregateQueries.hosts(of: id, db).map(\.hostname))
        }
    }

    package func createAggregate(named name: String, zone: String?) async throws -> ShownAggregate {
        let now = clock.now()
        let metadata = try JSONText(zone.map { [Aggregate.zoneKey: $0] } ?? [:])
        return try await database.transaction { db in
            try Self.refuseTaken(name, db)
            let made = Aggregate(
                id: try NumberQueries.next(.aggregates, db), uuid: .random(), name: name, metadata: metadata,
                createdAt: now)
            try db.insert(made)
            return try ShownAggregate(made, hosts: [])
        }
    }

    /// Changes the name, where one is given, and the zone; a zone that is given as `nil` is refused.
    package func updateAggregate(_ id: Int, name: String?, zone: String??) async throws -> ShownAggregate {
        try await change(id, .update) { aggregate, _, db in
            if let name, name != aggregate.name {
                try Self.refuseTaken(name, db)
                aggregate.name = name
            }
            return zone.map { [Aggregate.zoneKey: $0] } ?? [:]
        }
    }

    /// Sets keys of the metadata, and takes those away that are given as `nil`.
    package func setMetadata(_ changes: [String: String?], ofAggregate id: Int) async throws -> ShownAggregate {
        try await change(id, .metadata) { _, _, _ in changes }
    }

    package func deleteAggregate(_ id: Int) async throws {
        try await database.transaction { db in
            guard try db.find(Aggregate.self, key: .int(id)) != nil else { throw Self.noAggregate(id) }
            guard try AggregateQueries.hosts(of: id, db).isEmpty else {
                throw AggregateAction.removal.error(.badRequest, id, "Host aggregate is not empty")
            }
            try db.delete(Aggregate.self, key: .int(id))
        }
    }

    package func addHost(_ hostname: String, toAggregate id: Int) async throws -> ShownAggregate {
        try await changeHosts(of: id) { aggregate, db in
            guard let host = try HostQueries.named(hostname, db) else {
                throw CloudError(.notFound, "Compute host \(hostname) could not be found.")
            }
            if let zone = try aggregate.zone() {
                let action = AggregateAction.addition
                try Self.refuseSecondZone(zone, on: [host], beside: id, action, .conflict, db)
                try Self.refuseMove(of: host, from: try Self.zone(of: host.id, db), to: zone, id, action, db)
            }
            guard try db.insertIfAbsent(AggregateHost(aggregateID: id, hostID: host.id)) else {
                throw CloudError.conflict("Aggregate \(id) already has host \(hostname).")
            }
            try PlacementQueries.changeAggregates(of: ResourceProviderID(host.id.text), db) {
                $0.insert(aggregate.uuid.text)
            }
            return host
        }
    }

    package func removeHost(_ hostname: String, fromAggregate id: Int) async throws -> ShownAggregate {
        try await changeHosts(of: id) { aggregate, db in
            guard let host = try HostQueries.named(hostname, db),
                try AggregateQueries.remove(AggregateHost(aggregateID: id, hostID: host.id), db)
            else {
                throw CloudError(.notFound, "Cannot remove host \(hostname) in aggregate \(id)")
            }
            if let zone = try aggregate.zone() {
                try Self.refuseMove(of: host, from: zone, to: try Self.zone(of: host.id, db), id, .removal, db)
            }
            try Self.leave(aggregate, host, db)
            return host
        }
    }

    /// The mirror in Placement of a host's leaving.
    static func leave(_ aggregate: Aggregate, _ host: Model.Host, _ db: any Connection) throws {
        try PlacementQueries.changeAggregates(of: ResourceProviderID(host.id.text), db) {
            $0.remove(aggregate.uuid.text)
        }
    }
}

/// What is done to an aggregate, as Nova's refusals begin.
private enum AggregateAction: String {
    case update = "Cannot update aggregate"
    case metadata = "Cannot update metadata of aggregate"
    case addition = "Cannot add host to aggregate"
    /// Nova says the same of an aggregate that is to be deleted.
    case removal = "Cannot remove host from aggregate"

    func error(_ kind: CloudError.Kind, _ id: Int, _ reason: String) -> CloudError {
        CloudError(kind, "\(rawValue) \(id). Reason: \(reason).")
    }
}

extension ComputeService {
    private static func noAggregate(_ id: Int) -> CloudError { .notFound("Aggregate", id) }

    private static func refuseTaken(_ name: String, _ db: any Connection) throws {
        guard try AggregateQueries.named(name, db) == nil else {
            throw CloudError.conflict("Aggregate \(name) already exists.")
        }
    }

    /// The zone that the aggregates of a host say, if they say one.
    package static func zone(of host: HostID, _ db: any Connection) throws -> String? {
        try AggregateQueries.of(host, db).compactMap { try $0.zone() }.first
    }

    /// What aggregates say of a host has changed.
    static func settleZone(of host: HostID, _ db: any Connection) throws {
        try HostQueries.setZone(try zone(of: host, db) ?? Model.Host.defaultZone, of: host, db)
        try PlacementQueries.raiseEpoch(of: ResourceProviderID(host.text), db)
    }

    /// Changes the aggregate itself; `body` returns what becomes of its metadata.
    private func change(
        _ id: Int, _ action: AggregateAction,
        _ body: @escaping @Sendable (inout Aggregate, [Model.Host], any Connection) throws -> [String: String?]
    ) async throws -> ShownAggregate {
        let now = clock.now()
        let shown = try await database.transaction { db in
            guard var aggregate = try db.find(Aggregate.self, key: .int(id)) else { throw Self.noAggregate(id) }
            let hosts = try AggregateQueries.hosts(of: id, db)
            let changes = try body(&aggregate, hosts, db)
            if let zone = changes[Aggregate.zoneKey] {
                try Self.check(zone, for: aggregate, with: hosts, action, db)
            }
            var metadata = try aggregate.metadata.value()
            for (key, value) in changes { metadata[key] = value }
            aggregate.metadata = try JSONText(metadata)
            aggregate.updatedAt = now
            try db.update(aggregate)
            if !changes.isEmpty {
                for host in hosts { try Self.settleZone(of: host.id, db) }
            }
            return try ShownAggregate(aggregate, hosts: hosts.map(\.hostname))
        }
        try await refreshCapacity()
        return shown
    }

    /// Changes which hosts are in the aggregate; `body` returns the one that comes or goes.
    private func changeHosts(
        of id: Int, _ body: @escaping @Sendable (Aggregate, any Connection) throws -> Model.Host
    ) async throws -> ShownAggregate {
        let shown = try await database.transaction { db in
            guard let aggregate = try db.find(Aggregate.self, key: .int(id)) else { throw Self.noAggregate(id) }
            try Self.settleZone(of: try body(aggregate, db).id, db)
            return try ShownAggregate(aggregate, hosts: AggregateQueries.hosts(of: id, db).map(\.hostname))
        }
        try await refreshCapacity()
        return shown
    }

    /// An aggregate's zone is changed only where no server changes its zone with it.
    private static func check(
        _ zone: String?, for aggregate: Aggregate, with hosts: [Model.Host], _ action: AggregateAction,
        _ db: any Connection
    ) throws {
        guard let zone, !zone.isEmpty else {
            throw action.error(
                .badRequest, aggregate.id,
                "Aggregate \(aggregate.name) does not support empty named availability zone")
        }
        try refuseSecondZone(zone, on: hosts, beside: aggregate.id, action, .badRequest, db)
        guard try aggregate.zone() != zone else { return }
        guard try HostQueries.serverCount(on: hosts.map(\.id), db) == 0 else {
            throw action.error(.badRequest, aggregate.id, "One or more hosts contain instances in this zone")
        }
    }

    /// A host is in one zone.
    private static func refuseSecondZone(
        _ zone: String, on hosts: [Model.Host], beside id: Int, _ action: AggregateAction, _ kind: CloudError.Kind,
        _ db: any Connection
    ) throws {
        let others = try hosts.flatMap { try AggregateQueries.of($0.id, db) }
            .filter { $0.id != id }.compactMap { try $0.zone() }.filter { $0 != zone }
        guard others.isEmpty else {
            let names = Set(others).sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw action.error(kind, id, "One or more hosts already in availability zone(s) [\(names)]")
        }
    }

    /// Servers do not change their zone because their host does.
    private static func refuseMove(
        of host: Model.Host, from old: String?, to new: String?, _ id: Int, _ action: AggregateAction,
        _ db: any Connection
    ) throws {
        let count = try HostQueries.serverCount(on: [host.id], db)
        guard old != new, count > 0 else { return }
        let verb = action == .addition ? "added to" : "removed from"
        throw action.error(
            .conflict, id,
            "The host cannot be \(verb) the aggregate as the availability zone of the host would change from "
                + "'\(old ?? "None")' to '\(new ?? "None")' but the host already has \(count) instance(s). Changing "
                + "the AZ of an existing instance is not supported by this action. Move the instances away from this "
                + "host then try again. If you need to move the instances between AZs then you can use shelve_offload "
                + "and unshelve to achieve this.")
    }
}
