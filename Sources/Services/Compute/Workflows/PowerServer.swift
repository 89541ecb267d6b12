import HostProtocol
import Model
import Store
import Workflow

/// Start and stop: a document and the guest that answers it.
enum PowerServer {
    static func start(_ steps: ServerSteps) -> WorkflowDefinition {
        definition(steps, .start, power: .running, observed: .running, settled: .active)
    }

    static func stop(_ steps: ServerSteps) -> WorkflowDefinition {
        definition(steps, .stop, power: .stopped, observed: .shutdown, settled: .stopped)
    }

    private static func definition(
        _ steps: ServerSteps, _ operation: ServerOperation, power: DesiredServer.Power, observed: GuestPower,
        settled: SettledState
    ) -> WorkflowDefinition {
        let clock = steps.compute.clock
        return WorkflowDefinition(
            operation.rule,
            steps: [
                steps.document(
                    "document", undo: .none(why: "the user wanted it so; what the host says next settles the state")
                ) { document, _ in document.power = power },
                steps.observed(
                    "guest", isReached: { server, _ in server.observedPower == observed },
                    commit: { server, _ in
                        { db in try OperationStart.settle(server.id, in: settled, now: clock.now(), db) }
                    }),
            ],
            unwound: { context, why in try steps.failed(context, why) })
    }
}
