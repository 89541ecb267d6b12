import HostProtocol
import Model
import Store
import Workflow

/// Takes the guest away, then its ports, then its claim and quota. Goes forward only; what fails is tried again.
enum DeleteServer {
    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.delete.rule,
            steps: [
                steps.inStore(
                    "fence", undo: .none(why: "it only waits"),
                    StoreWork(napSeconds: 0.25, missing: { try lingering($0, $1) })),
                steps.inStore(
                    "withdraw", undo: .none(why: "a delete goes forward"),
                    StoreWork(commit: { context, db in
                        try HostDocuments.withdraw(
                            context.serverID(), for: context.record.requestID, now: context.now, db)
                        return {}
                    })),
                steps.inStore(
                    "absent", undo: .none(why: "it only waits"),
                    StoreWork(missing: { try owing(steps, $0, $1) })),
                steps.inStore(
                    "ports", undo: .none(why: "a delete goes forward"),
                    StoreWork(commit: { try finish(steps, $0, $1) })),
            ],
            unwound: { context, why in try steps.failed(context, why) })
    }

    /// Waits for a step of an operation that was taken over: what it makes must be seen before it is taken away.
    private static func lingering(_ context: StepContext, _ db: any Connection) throws -> Told? {
        guard try WorkflowQueries.lingeringLease(of: context.serverID(), at: context.now, db) else { return nil }
        return {}
    }

    /// Waits until each host says that nothing is left. One that is down is not waited for: it takes the server away
    /// when it is back.
    static func owing(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws -> Told? {
        let owing = try ServerPlacementQueries.all(of: context.serverID(), db)
            .filter { $0.document != nil && !($0.isAnswered && $0.observedPower == .absent) }
            .compactMap { try db.find(Host.self, key: .id($0.hostID)) }
        guard owing.contains(where: { $0.isUp(at: context.now) }) else { return nil }
        let compute = steps.compute
        return { for host in owing { compute.bells.host(host.id) } }
    }

    private static func finish(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws -> Told {
        let compute = steps.compute
        let server = try steps.server(context, db)
        let change = try compute.network.release(server.id, given: steps.request(server.id, db).nics.value(), db)
        var allocations: [Allocation] = []
        for placement in try ServerPlacementQueries.all(of: server.id, db) {
            allocations += try ServerPlacementQueries.giveBack(placement, db)
        }
        let (others, quota) = try ResizeServer.abandon(server, now: context.now, db)
        allocations += others
        // One that was deleted for a while counts no more.
        if server.settled != .softDeleted {
            for (resource, amount) in [("instances", 1), ("cores", quota.cores), ("ram", quota.ram)] {
                try QuotaQueries.giveBack(amount, of: resource, for: server.projectID, db)
            }
        }
        try SetAside.end(of: server.id, now: context.now, db)
        try ServerGroupQueries.leave(server.id, db)
        try ServerQueries.forgetPassword(of: server.id, db)
        try OperationStart.settle(server.id, in: .deleted, now: context.now, db) { row in
            row.deletedAt = context.now
            row.terminatedAt = context.now
            row.power = 0
        }
        let released = allocations
        return {
            compute.capacity.countReleased(released)
            compute.network.tell(change)
        }
    }
}
