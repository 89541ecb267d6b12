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
                Step("fence", undo: .none(why: "it only waits")) { context in try await fence(steps, context) },
                Step("withdraw", undo: .none(why: "a delete goes forward")) { context in
                    let id = try context.serverID()
                    let request = context.record.requestID
                    let now = steps.compute.clock.now()
                    return .done { db in try HostDocuments.withdraw(id, for: request, now: now, db) }
                },
                Step("absent", undo: .none(why: "it only waits")) { context in try await absent(steps, context) },
                Step("ports", undo: .none(why: "a delete goes forward")) { context in try await finish(steps, context)
                },
            ],
            unwound: { context, why in try steps.failed(context, why) })
    }

    /// A step of an operation that was taken over may still run; what it makes must be seen before it is taken away.
    private static func fence(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let id = try context.serverID()
        let now = steps.compute.clock.now()
        let lingers = try await steps.compute.database.read { try WorkflowQueries.lingeringLease(of: id, at: now, $0) }
        return lingers ? .nap(seconds: 0.25) : .done()
    }

    /// Each host says that nothing is left, or is down: then it pays its debt when it is back.
    private static func absent(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let compute = steps.compute
        let id = try context.serverID()
        let owing = try await compute.database.read { db in
            try ServerPlacementQueries.all(of: id, db)
                .filter { $0.document != nil && !($0.isAnswered && $0.observedPower == .absent) }
                .compactMap { try db.find(Host.self, key: .id($0.hostID)) }
        }
        for host in owing { compute.bells.host(host.id) }
        let now = compute.clock.now()
        return owing.contains { $0.isUp(at: now) } ? .nap(seconds: 5) : .done()
    }

    private static func finish(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let compute = steps.compute
        let (server, request, allocations) = try await compute.database.read { db in
            let server = try steps.server(context, db)
            let placements = try ServerPlacementQueries.all(of: server.id, db)
            return (
                server, try steps.request(server.id, db),
                try placements.flatMap { try ServerPlacementQueries.allocations($0, db) }
            )
        }
        let nics = try request.nics.value()
        try await compute.network.release(server.id, given: nics)
        let flavor = try server.flavor.value()
        let now = compute.clock.now()
        compute.capacity.countReleased(allocations)
        return .done { db in
            for placement in try ServerPlacementQueries.all(of: server.id, db) {
                try ServerPlacementQueries.giveBack(placement, db)
            }
            for (resource, amount) in [("instances", 1), ("cores", flavor.vcpus), ("ram", flavor.ram)] {
                try QuotaQueries.giveBack(amount, of: resource, for: server.projectID, db)
            }
            try ServerGroupQueries.leave(server.id, db)
            try ServerQueries.forgetPassword(of: server.id, db)
            try OperationStart.settle(server.id, in: .deleted, now: now, db) { row in
                row.deletedAt = now
                row.terminatedAt = now
                row.power = 0
            }
        }
    }
}
