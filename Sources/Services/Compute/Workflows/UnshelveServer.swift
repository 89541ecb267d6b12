import HostProtocol
import Model
import Store
import Workflow

/// The guest of a shelved server starts again, where its disk is or from the image of it
/// (`docs/decisions/0025-set-aside.md`). What it needs of a host is taken before.
enum UnshelveServer {
    struct Input: Codable, Sendable {
        /// Where the server rested before: as `shelved` or `shelvedOffloaded`.
        var settled: SettledState
    }

    /// A place in the `task_state`s of the operation.
    static let spawningPhase = 1

    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.unshelve.rule,
            steps: [
                steps.observed(
                    "guest", isReached: { seen, _, _ in seen.power == .running },
                    commit: { context, db in
                        let id = try context.serverID()
                        try SetAside.end(of: id, now: context.now, db)
                        try OperationStart.settle(id, in: .active, now: context.now, db) {
                            $0.launchedAt = context.now
                        }
                        return {}
                    })
            ],
            unwound: { context, _ in
                let (id, settled) = (try context.serverID(), try context.input(Input.self).settled)
                let (request, now) = (context.record.requestID, steps.compute.clock.now())
                return { db in
                    guard settled == .shelvedOffloaded else {
                        try HostDocuments.change(of: id, for: request, db) { $0.power = .stopped }
                        try OperationStart.settle(id, in: .shelved, now: now, db)
                        return .failed
                    }
                    return try ShelveServer.leave(steps, id, for: request, now: now, db)
                }
            })
    }
}
