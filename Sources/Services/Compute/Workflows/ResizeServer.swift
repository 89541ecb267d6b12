import HostProtocol
import Model
import Store
import Workflow

/// Another size on the same host: both sizes are held until the user confirms or reverts
/// (`docs/decisions/0024-resize.md`).
enum ResizeServer {
    /// Places in the `task_state`s of the operation.
    private enum Phase: Int { case preparing, migrating, finishing }

    static func definitions(_ steps: ServerSteps) -> [WorkflowDefinition] {
        [resize(steps), confirm(steps), revert(steps)]
    }

    private static func migration(_ context: StepContext, _ db: any Connection) throws -> ServerMigration {
        try migration(of: context.serverID(), db)
    }

    private static func migration(of id: ServerID, _ db: any Connection) throws -> ServerMigration {
        guard let found = try MigrationQueries.open(of: id, db) else {
            throw CloudError(.internal, "The migration of server \(id) is not kept.")
        }
        return found
    }

    private static func provider(_ host: HostID) -> ResourceProviderID { ResourceProviderID(host.text) }

    private static func resize(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.resize.rule,
            steps: [
                steps.inStore(
                    "document",
                    undo: .run { context in
                        let (id, request) = (try context.serverID(), context.record.requestID)
                        return { try takeBack(id, for: request, .stopped, $0) }
                    },
                    StoreWork(commit: { context, db in
                        var migration = try migration(context, db)
                        let flavor = try migration.newFlavor.value()
                        try HostDocuments.change(of: context.serverID(), for: context.record.requestID, db) {
                            $0.resize(to: flavor, power: migration.power)
                            migration.machine = $0.machine
                        }
                        try db.update(migration)
                        var server = try steps.server(context, db)
                        server.phase = Phase.migrating.rawValue
                        try db.update(server)
                        return {}
                    })),
                steps.observed(
                    "guest", isReached: { try $0.power == migration($1, $2).power.seen },
                    commit: { context, db in
                        let migration = try migration(context, db)
                        try MigrationQueries.setStatus(.finished, of: migration.uuid, now: context.now, db)
                        try OperationStart.settle(context.serverID(), in: .resized, now: context.now, db) {
                            $0.flavorID = migration.newFlavorID
                            $0.flavor = migration.newFlavor
                            $0.launchedAt = context.now
                        }
                        return {}
                    }),
            ],
            unwound: { context, why in try unwound(steps, context, why) })
    }

    /// The old machine, where the document is the new one's.
    private static func takeBack(
        _ id: ServerID, for request: String, _ power: DesiredPower?, _ db: any Connection
    ) throws {
        let migration = try migration(of: id, db)
        let flavor = try migration.oldFlavor.value()
        guard let machine = migration.machine, try HostDocuments.document(of: id, db)?.machine == machine else {
            return
        }
        try HostDocuments.change(of: id, for: request, db) {
            $0.revert(to: flavor, power: power ?? migration.power)
        }
    }

    private static func unwound(
        _ steps: ServerSteps, _ context: StepContext, _ why: String
    ) throws -> UnwindingEnd {
        let (id, now) = (try context.serverID(), steps.compute.clock.now())
        return { db in
            let migration = try migration(context, db)
            try giveUp(migration, of: id, now: now, db)
            if migration.machine == nil {
                try OperationStart.rest(id, for: context.record.requestID, now: now, db)
            } else {
                try OperationStart.fail(id, why, now: now, db)
            }
            return .failed
        }
    }

    /// The new claim goes, the old one is the server's again. Returns what was held.
    @discardableResult
    private static func giveUp(
        _ migration: ServerMigration, of id: ServerID, as status: ServerMigration.Status = .error, now: Timestamp,
        _ db: any Connection
    ) throws -> [Allocation] {
        let held = try PlacementQueries.release(id.text, on: provider(migration.targetHostID), db)
        try PlacementQueries.handOver(
            from: migration.uuid.text, to: id.text, on: provider(migration.sourceHostID), db)
        try MigrationQueries.setStatus(status, of: migration.uuid, now: now, db)
        guard var server = try db.find(Server.self, key: .id(id)) else { return held }
        try migration.settleQuota(on: try migration.oldFlavor.value(), for: server.projectID, db)
        server.flavorID = migration.oldFlavorID
        server.flavor = migration.oldFlavor
        try db.update(server)
        return held
    }

    private static func confirm(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.confirmResize.rule,
            steps: [
                steps.inStore(
                    "document", undo: .none(why: "what was decided stays so"),
                    StoreWork(commit: { context, db in
                        try dropKept(context.serverID(), for: context.record.requestID, db)
                        return {}
                    })),
                steps.observed(
                    "kept", isReached: { _, _, _ in true },
                    commit: { context, db in
                        let id = try context.serverID()
                        let released = try confirmed(id, now: context.now, db)
                        try OperationStart.rest(id, for: context.record.requestID, now: context.now, db)
                        let capacity = steps.compute.capacity
                        return { capacity.countReleased(released) }
                    }),
            ],
            unwound: { context, _ in
                let (id, request, now) = (
                    try context.serverID(), context.record.requestID, steps.compute.clock.now()
                )
                return { db in
                    try dropKept(id, for: request, db)
                    _ = try confirmed(id, now: now, db)
                    try OperationStart.rest(id, for: request, now: now, db)
                    return .failed
                }
            })
    }

    private static func dropKept(_ id: ServerID, for request: String, _ db: any Connection) throws {
        try HostDocuments.change(of: id, for: request, db) { $0.disks.removeAll(where: \.isKept) }
    }

    /// Also where the host has not said that the kept disks are gone: it takes them away when it can. Returns what was
    /// held for the old size.
    private static func confirmed(
        _ id: ServerID, now: Timestamp, _ db: any Connection
    ) throws -> [Allocation] {
        let migration = try migration(of: id, db)
        let released = try PlacementQueries.release(
            migration.uuid.text, on: provider(migration.sourceHostID), db)
        if let server = try db.find(Server.self, key: .id(id)) {
            try migration.settleQuota(on: try migration.newFlavor.value(), for: server.projectID, db)
        }
        try MigrationQueries.setStatus(.confirmed, of: migration.uuid, now: now, db)
        return released
    }

    /// Nobody will decide: one that has its new size keeps it, another one has its old size again. Nothing happens
    /// where no resize is open. Returns what was held beside.
    static func conclude(
        _ id: ServerID, for request: String, now: Timestamp, _ db: any Connection
    ) throws -> [Allocation] {
        guard let migration = try MigrationQueries.open(of: id, db) else { return [] }
        switch migration.status {
        case .finished, .confirming:
            try dropKept(id, for: request, db)
            return try confirmed(id, now: now, db)
        case .migrating, .reverting, .confirmed, .reverted, .error:
            try takeBack(id, for: request, .stopped, db)
            return try giveUp(migration, of: id, now: now, db)
        }
    }

    private static func revert(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.revertResize.rule,
            steps: [
                steps.inStore(
                    "document", undo: .none(why: "what was decided stays so"),
                    StoreWork(commit: { context, db in
                        try takeBack(context.serverID(), for: context.record.requestID, nil, db)
                        return {}
                    })),
                steps.observed(
                    "guest", isReached: { try $0.power == migration($1, $2).power.seen },
                    commit: { context, db in
                        let (id, migration) = (try context.serverID(), try migration(context, db))
                        let released = try giveUp(migration, of: id, as: .reverted, now: context.now, db)
                        try OperationStart.settle(id, in: migration.settled, now: context.now, db) {
                            $0.launchedAt = context.now
                        }
                        let capacity = steps.compute.capacity
                        return { capacity.countReleased(released) }
                    }),
            ],
            unwound: { context, why in
                let (id, request, now) = (
                    try context.serverID(), context.record.requestID, steps.compute.clock.now()
                )
                return { db in
                    try takeBack(id, for: request, .stopped, db)
                    try giveUp(try migration(context, db), of: id, now: now, db)
                    try OperationStart.fail(id, why, now: now, db)
                    return .failed
                }
            })
    }

    /// A server with a migration that nobody has decided is taken away: its other claim goes. Returns what it held, and
    /// what of the quota both have taken.
    static func abandon(
        _ server: Server, now: Timestamp, _ db: any Connection
    ) throws -> (released: [Allocation], quota: (cores: Int, ram: Int)) {
        guard let migration = try MigrationQueries.open(of: server.id, db) else {
            let flavor = try server.flavor.value()
            return ([], (flavor.vcpus, flavor.ram))
        }
        try MigrationQueries.setStatus(.error, of: migration.uuid, now: now, db)
        let released = try PlacementQueries.release(
            migration.uuid.text, on: provider(migration.sourceHostID), db)
        return (released, try migration.quota())
    }
}

extension ServerMigration {
    /// In which the guest is to be, whatever its size.
    fileprivate var power: DesiredPower { settled == .stopped ? .stopped : .running }
}

extension DesiredServer {
    /// The old disks stay beside copies of them that are as large as the flavor says.
    fileprivate mutating func resize(to flavor: FlavorSnapshot, power: DesiredPower) {
        machine += 1
        self.power = power
        hardware.fit(flavor)
        var (made, kept): ([GuestDisk], [GuestDisk]) = ([], [])
        func replace(_ old: GuestDisk, _ change: (inout GuestDisk) -> Void) {
            var (disk, stays) = (old, old)
            disk.id = "\(old.role.rawValue)\(old.role == .ephemeral ? "0" : "")-\(machine)"
            change(&disk)
            stays.isKept = true
            made.append(disk)
            kept.append(stays)
        }
        for old in disks {
            switch old.role {
            case .root where !old.isReadOnly:
                replace(old) {
                    $0.source = .copy(of: old.id, old.image)
                    $0.sizeBytes = Int64(flavor.disk) << 30
                }
            case .ephemeral:
                replace(old) {
                    $0.source = .copy(of: old.id, nil)
                    $0.sizeBytes = Int64(flavor.ephemeral) << 30
                }
            case .swap where old.sizeBytes != Int64(flavor.swap) << 20:
                replace(old) { $0.sizeBytes = Int64(flavor.swap) << 20 }
            default: made.append(old)
            }
        }
        made.removeAll { $0.role == .swap && flavor.swap == 0 }
        disks = made + kept
        addMissing(of: flavor)
    }

    /// Disks that the flavor gives and the server did not have.
    private mutating func addMissing(of flavor: FlavorSnapshot) {
        let place = disks.firstIndex { $0.role == .config || $0.isKept } ?? disks.endIndex
        var new: [GuestDisk] = []
        if flavor.ephemeral > 0, !disks.contains(where: { $0.role == .ephemeral }) {
            new.append(
                GuestDisk(
                    id: "ephemeral0-\(machine)", role: .ephemeral, source: .blank(.ext4),
                    sizeBytes: Int64(flavor.ephemeral) << 30))
        }
        if flavor.swap > 0, !disks.contains(where: { $0.role == .swap }) {
            new.append(
                GuestDisk(
                    id: "swap-\(machine)", role: .swap, source: .blank(.swap), sizeBytes: Int64(flavor.swap) << 20))
        }
        disks.insert(contentsOf: new, at: place)
    }

    /// What the last machine had made goes; what it kept is in use again.
    fileprivate mutating func revert(to flavor: FlavorSnapshot, power: DesiredPower) {
        let made = "-\(machine)"
        machine += 1
        self.power = power
        hardware.fit(flavor)
        disks.removeAll { !$0.isKept && $0.id.hasSuffix(made) }
        let order: [GuestDisk.Role] = [.root, .ephemeral, .swap, .config, .rescue]
        for place in disks.indices { disks[place].isKept = false }
        disks.sort { (order.firstIndex(of: $0.role) ?? 0) < (order.firstIndex(of: $1.role) ?? 0) }
    }
}

extension GuestHardware {
    fileprivate mutating func fit(_ flavor: FlavorSnapshot) {
        vcpus = flavor.vcpus
        memoryMiB = flavor.ram
        extraSpecs = flavor.extraSpecs
    }
}
