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
                    return .done { db in try HostDocuments.withdraw(id, for: request, db) }
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

    /// The host says that nothing is left, or is down: then it pays its debt when it is back.
    private static func absent(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let compute = steps.compute
        let (server, host) = try await compute.database.read { db -> (Server, Host?) in
            let server = try steps.server(context, db)
            guard let id = server.hostID, try HostQueries.document(of: server.id, on: id, db) != nil else {
                return (server, nil)
            }
            return (server, try db.find(Host.self, key: .id(id)))
        }
        guard let host else { return .done() }
        compute.bells.host(host.id)
        if server.observedEpoch >= server.epoch, server.observedPower == .absent { return .done() }
        return host.isUp(at: compute.clock.now()) ? .nap(seconds: 5) : .done()
    }

    private static func finish(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let compute = steps.compute
        let (server, request, allocations) = try await compute.database.read { db in
            let server = try steps.server(context, db)
            return (server, try steps.request(server.id, db), try PlacementQueries.allocations(of: server.id.text, db))
        }
        let nics = try request.nics.value()
        try await compute.network.release(server.id, given: nics)
        let flavor = try server.flavor.value()
        let now = compute.clock.now()
        compute.capacity.countReleased(allocations)
        return .done { db in
            _ = try PlacementQueries.release(server.id.text, db)
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
