import HostProtocol
import Model
import Store
import Workflow

/// A server that is off and free of quota until it is restored or goes for good
/// (`docs/decisions/0025-set-aside.md`).
enum SoftDeleteServer {
    static func definitions(_ steps: ServerSteps) -> [WorkflowDefinition] { [softDelete(steps), restore(steps)] }

    private static func softDelete(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.softDelete.rule,
            steps: [
                steps.inStore(
                    "off", undo: .none(why: "where the server then rests is decided by what its guest is"),
                    StoreWork(commit: { try turnOff(steps, $0, $1) })),
                steps.inStore(
                    "guest", undo: .none(why: "it only waits"),
                    StoreWork(
                        missing: { try running(steps, $0, $1) },
                        commit: { context, db in
                            try setAside(context, db)
                            return {}
                        })),
            ],
            unwound: { context, _ in
                let (id, request, now) = (
                    try context.serverID(), context.record.requestID, steps.compute.clock.now()
                )
                return { db in
                    try OperationStart.rest(id, for: request, now: now, db)
                    return .failed
                }
            })
    }

    /// What was under way has been ended: a resize is decided, and what was about to leave its host or to come to one
    /// is on none.
    private static func turnOff(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws -> Told {
        let (id, request) = (try context.serverID(), context.record.requestID)
        let capacity = steps.compute.capacity
        let concluded = try ResizeServer.conclude(id, for: request, now: context.now, db)
        guard try isOnHost(id, db) else {
            let server = try steps.server(context, db)
            guard server.hostID != nil else { return {} }
            try HostDocuments.withdraw(id, for: request, now: context.now, db)
            let released = try ShelveServer.clear(steps, id, now: context.now, db)
            return {
                capacity.countReleased(concluded)
                released()
            }
        }
        try HostDocuments.change(of: id, for: request, db) { $0.power = .stopped }
        return { capacity.countReleased(concluded) }
    }

    /// Whether its disk is there. One that is being unshelved has it in an image still.
    private static func isOnHost(_ id: ServerID, _ db: any Connection) throws -> Bool {
        guard try ServerPlacementQueries.current(of: id, db)?.document != nil else { return false }
        let settled = try db.find(Server.self, key: .id(id))?.settled
        return settled != .shelvedOffloaded
    }

    /// Waits for the guest's end. A host that is down is not waited for: it turns the guest off when it is back.
    private static func running(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws -> Told? {
        guard let seen = try ServerPlacementQueries.observed(of: context.serverID(), db) else { return nil }
        if seen.isAnswered, DesiredPower(seen: seen.power) == .stopped { return nil }
        guard try db.find(Host.self, key: .id(seen.hostID))?.isUp(at: context.now) == true else { return nil }
        return { steps.compute.bells.host(seen.hostID) }
    }

    private static func setAside(_ context: StepContext, _ db: any Connection) throws {
        let id = try context.serverID()
        var row = SetAsideServer(serverID: id, since: context.now)
        if let shelved = try db.find(SetAsideServer.self, key: .id(id)) {
            row.imageID = shelved.imageID
            try db.update(row)
        } else {
            try db.insert(row)
        }
        let old = try OperationStart.settle(id, in: .softDeleted, now: context.now, db)
        if let old, old.settled != .softDeleted { try SetAside.giveBackQuota(of: old, db) }
    }

    private static func restore(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.restore.rule,
            steps: [
                steps.inStore(
                    "on", undo: .none(why: "the end of the unwinding turns it off"),
                    StoreWork(commit: { context, db in
                        let id = try context.serverID()
                        if try goal(id, db) == .active {
                            try HostDocuments.change(of: id, for: context.record.requestID, db) {
                                $0.power = .running
                            }
                        }
                        return {}
                    })),
                steps.inStore(
                    "guest", undo: .none(why: "it only waits"),
                    StoreWork(
                        missing: { try starting(steps, $0, $1) },
                        commit: { context, db in
                            let id = try context.serverID()
                            let goal = try goal(id, db)
                            if goal == .active { try SetAside.end(of: id, now: context.now, db) }
                            try OperationStart.settle(id, in: goal, now: context.now, db)
                            return {}
                        })),
            ],
            unwound: { context, _ in
                let (id, request, now) = (
                    try context.serverID(), context.record.requestID, steps.compute.clock.now()
                )
                return { try putBack(id, for: request, now: now, $0) }
            })
    }

    private static func putBack(
        _ id: ServerID, for request: String, now: Timestamp, _ db: any Connection
    ) throws -> Unwound {
        if try goal(id, db) == .active {
            try HostDocuments.change(of: id, for: request, db) { $0.power = .stopped }
        }
        if let server = try OperationStart.settle(id, in: .softDeleted, now: now, db) {
            try SetAside.giveBackQuota(of: server, db)
        }
        return .failed
    }

    /// Where a restored server rests: one that was shelved is so again.
    private static func goal(_ id: ServerID, _ db: any Connection) throws -> SettledState {
        guard try db.find(SetAsideServer.self, key: .id(id))?.imageID != nil else { return .active }
        return try ServerPlacementQueries.current(of: id, db) == nil ? .shelvedOffloaded : .shelved
    }

    private static func starting(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws -> Told? {
        let id = try context.serverID()
        guard try goal(id, db) == .active, let seen = try ServerPlacementQueries.observed(of: id, db) else {
            return nil
        }
        if seen.isAnswered, let failure = seen.failure { throw try HostFailure.error(failure) }
        if seen.isAnswered, seen.power == .running { return nil }
        return { steps.compute.bells.host(seen.hostID) }
    }
}
