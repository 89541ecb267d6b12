import HostProtocol
package import Model
import Store
import Workflow

/// Another size for a server, which its user confirms or reverts (`docs/decisions/0024-resize.md`).
extension ComputeService {
    package func resize(
        _ id: ServerID, to flavorID: FlavorID, diskConfig: String? = nil, by caller: Caller
    ) async throws {
        try await begin(.resize, on: id, by: caller) { [capacity] server, now, db in
            let flavor = try newFlavor(flavorID, for: server, by: caller, db)
            if let diskConfig { server.diskConfig = diskConfig }
            let host = try Self.host(of: server, at: now, db)
            let claimed = try Self.begin(to: flavor, of: server, on: host, by: caller, now: now, db)
            return Beginning(input: OperationInput(operation: .resize)) {
                capacity.countClaimed(claimed, on: host.id)
            }
        }
    }

    package func confirmResize(_ id: ServerID, by caller: Caller) async throws {
        try await decide(.confirmResize, .confirming, of: id, by: caller)
    }

    package func revertResize(_ id: ServerID, by caller: Caller) async throws {
        try await decide(.revertResize, .reverting, of: id, by: caller)
    }

    /// Confirms resizes that nobody has decided for so long, as Nova's `resize_confirm_window` does. One of which the
    /// server is just being deleted, or was decided meanwhile, is passed over.
    package func confirmResizes(undecidedFor seconds: Double) async throws {
        let since = clock.now().advanced(seconds: -seconds)
        for migration in try await database.read({ try MigrationQueries.undecided(since: since, limit: 100, $0) }) {
            let server = try await database.read { try ServerQueries.live(migration.serverID, $0) }
            guard let server, server.settled == .resized, server.operation == nil else { continue }
            do {
                try await confirmResize(
                    server.id,
                    by: Caller(
                        userID: migration.userID, scope: .project(server.projectID), roles: ["admin"],
                        requestID: "req-\(UUIDText.random())"))
            } catch let error as CloudError where [.conflict, .notFound].contains(error.kind) {
                continue
            }
        }
    }

    private func decide(
        _ operation: ServerOperation, _ status: ServerMigration.Status, of id: ServerID, by caller: Caller
    ) async throws {
        try await begin(operation, on: id, by: caller) { server, now, db in
            guard let migration = try MigrationQueries.open(of: server.id, db) else {
                throw CloudError.badRequest("Instance has not been resized.")
            }
            try MigrationQueries.setStatus(status, of: migration.uuid, now: now, db)
            return Beginning(input: OperationInput(operation: operation))
        }
    }

    /// The flavor, if the server may have it; Nova's words for each reason why not.
    func newFlavor(
        _ id: FlavorID, for server: Server, by caller: Caller, _ db: any Connection
    ) throws -> Flavor {
        let flavor: Flavor
        do {
            flavor = try self.flavor(id, by: caller, db)
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.badRequest, "Unable to locate requested flavor.", cause: error)
        }
        if flavor.id == server.flavorID {
            throw CloudError.badRequest("When resizing, instances must change flavor!")
        }
        if flavor.isDisabled { throw CloudError.badRequest("Unable to locate requested flavor.") }
        let old = try server.flavor.value()
        if flavor.disk == 0, old.disk > 0 {
            throw CloudError.badRequest(
                "Unable to resize disk. Resize to zero disk flavor is not allowed.")
        }
        for (name, new, old) in [("root", flavor.disk, old.disk), ("ephemeral", flavor.ephemeral, old.ephemeral)]
        where new < old {
            throw CloudError.badRequest(
                "Unable to resize disk down: the \(name) disk has \(old) GiB, and the flavor gives \(new).")
        }
        if let image = try server.imageID.flatMap({ try db.find(Image.self, key: .id($0)) }) {
            try CreationPlan.check(image, fits: (flavor.disk, flavor.memory), by: caller)
        }
        return flavor
    }

    private static func host(of server: Server, at now: Timestamp, _ db: any Connection) throws -> HostState {
        guard let host = try hostStates(at: now, db).first(where: { $0.id == server.hostID }) else {
            throw CloudError(.conflict, "Server \(server.id) is on no host.")
        }
        guard host.isUp else {
            throw CloudError(.conflict, "The server's host is not up, and so the server cannot be resized.")
        }
        return host
    }

    /// Takes quota and the new claim, and writes the migration. Returns what was claimed.
    private static func begin(
        to flavor: Flavor, of server: Server, on host: HostState, by caller: Caller, now: Timestamp,
        _ db: any Connection
    ) throws -> SchedulingRequest {
        let (old, new) = (try server.flavor.value(), try FlavorSnapshot(flavor))
        try takeQuota(from: old, to: new, for: server.projectID, db)
        let migration = ServerMigration(
            uuid: .random(), id: try MigrationQueries.nextID(db), serverID: server.id, kind: .resize,
            status: .migrating, sourceHostID: host.id, targetHostID: host.id, oldFlavorID: server.flavorID,
            oldFlavor: server.flavor, newFlavorID: flavor.id, newFlavor: try JSONText(new), settled: server.settled,
            userID: caller.userID, createdAt: now, updatedAt: now)
        let provider = ResourceProviderID(host.id.text)
        try PlacementQueries.handOver(from: server.id.text, to: migration.uuid.text, on: provider, db)
        var resized = server
        resized.flavor = migration.newFlavor
        let wanted = try SchedulingRequest(of: resized, db)
        guard
            try PlacementQueries.claim(
                wanted.resources, on: provider, for: server.id.text, project: server.projectID, user: server.userID, db)
        else {
            let refusal = Scheduler.refusal(of: wanted, among: [host])
            throw CloudError.badRequest(refusal.message)
        }
        try db.insert(migration)
        return wanted
    }

    private static func takeQuota(
        from old: FlavorSnapshot, to new: FlavorSnapshot, for project: ProjectID, _ db: any Connection
    ) throws {
        for (resource, more) in [("cores", new.vcpus - old.vcpus), ("ram", new.ram - old.ram)] where more > 0 {
            if let full = try QuotaQueries.take(
                more, of: resource, for: project, defaultLimit: QuotaQueries.defaultLimit(of: resource, db), db)
            {
                throw CreationPlan.overQuota(full, requested: more)
            }
        }
    }
}

extension ServerMigration {
    /// What the server's project has taken of its quota while both claims are held.
    func quota() throws -> (cores: Int, ram: Int) {
        let (old, new) = (try oldFlavor.value(), try newFlavor.value())
        return (max(old.vcpus, new.vcpus), max(old.ram, new.ram))
    }

    /// It is decided: what of the quota the server does not need goes back.
    func settleQuota(on flavor: FlavorSnapshot, for project: ProjectID, _ db: any Connection) throws {
        let taken = try quota()
        for (resource, surplus) in [("cores", taken.cores - flavor.vcpus), ("ram", taken.ram - flavor.ram)]
        where surplus > 0 {
            try QuotaQueries.giveBack(surplus, of: resource, for: project, db)
        }
    }
}
