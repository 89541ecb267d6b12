import Cryptography
import Foundation
package import HostProtocol
import Logging
package import Model
import Store

/// Hosts as they come and go.
extension ComputeService {
    /// Initial ratios of Nova: 4.0, 1.0, 1.0; in thousandths.
    private static let ratios = ["VCPU": 4000, "MEMORY_MB": 1000, "DISK_GB": 1000]

    /// Takes a host in, or back. What is used stays as it is; totals follow the report.
    ///
    /// - Parameter own: the host that the agent's credential names, if it names one: no other may be announced with it.
    package func register(
        _ registration: HostRegistration, as own: HostID? = nil
    ) async throws -> RegisteredHost {
        let version = try registration.agreedVersion()
        let inventory = registration.inventory
        let now = clock.now()
        let facts = try JSONText(inventory)
        let id = try await database.transaction { db in
            let known = try HostQueries.named(inventory.hostname, db)
            if let own, known?.id != own {
                throw CloudError(.forbidden, "The agent's credential is not that of host \(inventory.hostname).")
            }
            var host =
                try known
                ?? Model.Host(
                    id: .random(), hostname: inventory.hostname, lastSeenAt: now, inventory: facts.raw, createdAt: now,
                    number: NumberQueries.next(.hosts, db))
            host.lastSeenAt = now
            host.startedAt = now
            host.inventory = facts.raw
            if try !db.insertIfAbsent(host) { try db.update(host) }
            let provider = ResourceProviderID(host.id.text)
            try Self.insertProvider(provider, named: host.hostname, db)
            try Self.writeInventory(inventory, of: provider, db)
            try HostFeedQueries.begin(host.id, db)
            try HostHoldings.settle(registration.holdings, on: host.id, now: now, db)
            try Self.setTraits(of: host, inventory, db)
            return host.id
        }
        try await refreshCapacity()
        return RegisteredHost(host: id, protocolVersion: version)
    }

    /// What the host reports, and whether it is disabled.
    static func setTraits(of host: Model.Host, _ inventory: HostInventory, _ db: any Connection) throws {
        let status = host.isDisabled ? ["COMPUTE_STATUS_DISABLED"] : []
        try PlacementQueries.setTraits(inventory.traits + status, of: ResourceProviderID(host.id.text), db)
    }

    private static func insertProvider(_ id: ResourceProviderID, named name: String, _ db: any Connection) throws {
        try db.insertIfAbsent(ResourceProvider(id: id, name: name))
        guard try db.find(ResourceProvider.self, key: .id(id)) != nil else {
            throw CloudError.conflict(
                "Placement has a resource provider named \(name) that is not this host; rename or delete it.")
        }
    }

    private static func writeInventory(
        _ inventory: HostInventory, of provider: ResourceProviderID, _ db: any Connection
    ) throws {
        let totals = ["VCPU": inventory.vcpus, "MEMORY_MB": inventory.memoryMiB, "DISK_GB": inventory.diskGiB]
        let reserved = ["MEMORY_MB": min(512, inventory.memoryMiB / 4)]
        let known = try PlacementQueries.inventories(of: provider, db)
        for (resourceClass, total) in totals {
            if var found = known.first(where: { $0.resourceClass == resourceClass }) {
                found.total = total
                found.maxUnit = max(total, 1)
                try db.update(found)
            } else {
                try db.insert(
                    Inventory(
                        providerID: provider, resourceClass: resourceClass, total: total,
                        reserved: reserved[resourceClass] ?? 0, maxUnit: max(total, 1),
                        allocationRatio: ratios[resourceClass] ?? 1000))
            }
        }
    }

    /// A sign of life, with what the host says of itself and of its servers.
    package func heard(_ report: HostReport, from host: HostID) async throws {
        let now = clock.now()
        let troubles = try report.health.map { try JSONText($0.troubles).raw }
        if signsOfLife.isDue(host, now) || troubles != nil {
            try await database.transaction { db in try HostQueries.seen(host, at: now, troubles: troubles, db) }
        }
        let answers = try report.illegible.map { item in
            logger.warning(
                "a host said what this cloud does not understand",
                metadata: ["host": "\(host)", "server": "\(item.serverID)", "why": "\(item.why)"])
            return try Self.observation(of: item, on: host)
        }
        if !report.observations.isEmpty || !answers.isEmpty { try await observe(report.observations + answers) }
    }

    /// The operation that waits for it fails; the server is where its guest was last seen.
    private static func observation(of item: Illegible, on host: HostID) throws -> ServerObservation {
        ServerObservation(
            hostID: host, serverID: item.serverID, epoch: item.epoch ?? -1, power: .unknown,
            failure: HostFailure(
                message: "The server's host answered what this cloud does not understand; upgrade the cloud.",
                detail: item.why),
            requestID: item.requestID)
    }

    package func hosts() async throws -> [Model.Host] {
        try await database.read { try HostQueries.all($0) }
    }

    package func inventory(of host: Model.Host) throws -> HostInventory { try Self.inventory(of: host) }

    static func inventory(of host: Model.Host) throws -> HostInventory {
        try JSONDecoder().decode(HostInventory.self, from: Data(host.inventory.utf8))
    }

    package func host(named hostname: String) async throws -> Model.Host {
        guard let found = try await database.read({ try HostQueries.named(hostname, $0) }) else {
            throw CloudError(.notFound, "Compute host \(hostname) could not be found.")
        }
        return found
    }

    package func host(_ id: HostID) async throws -> Model.Host {
        guard let found = try await database.read({ try $0.find(Model.Host.self, key: .id(id)) }) else {
            throw CloudError(.notFound, "Host \(id) is not known to this cloud; restart its agent to register it.")
        }
        return found
    }

    /// The documents of a host that changed after a number in its feed, and the commands that it has not answered.
    package func desired(of host: HostID, after sequence: Int64) async throws -> DesiredBatch {
        let limit = 500
        let (rows, commands, newest) = try await database.read { db in
            (
                try ServerPlacementQueries.documents(on: host, after: sequence, limit: limit, db),
                try HostCommandQueries.open(on: host, after: sequence, db),
                try HostFeedQueries.sequence(of: host, db)
            )
        }
        let documents = try rows.map { try JSONText<DesiredServer>(raw: $0.document).value() }
        for document in documents { trace(document, to: host) }
        guard let last = rows.last, rows.count == limit else {
            return DesiredBatch(
                servers: documents, commands: try commands.map(DesiredCommand.init), sequence: newest, isLast: true)
        }
        let due = commands.filter { $0.sequence <= last.sequence }
        return DesiredBatch(
            servers: documents, commands: try due.map(DesiredCommand.init), sequence: last.sequence, isLast: false)
    }

    private func trace(_ document: DesiredServer, to host: HostID) {
        guard let request = document.requestID else { return }
        logger.info(
            "a document goes to its host",
            metadata: [
                "request": "\(request)", "server": "\(document.serverID)", "host": "\(host)",
                "epoch": "\(document.epoch)", "wants": "\(document.wish)",
            ])
    }
}
