import HostProtocol
import Model
import Store
import Workflow

/// A reboot is an edge: a command that the host carries out once, known by the workflow's id.
enum RebootServer {
    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        let clock = steps.compute.clock
        return WorkflowDefinition(
            ServerOperation.rebootHard.rule,
            steps: [
                steps.document("command", undo: .none(why: "a guest cannot be un-rebooted")) { document, context in
                    let operation = try context.input(OperationInput.self).operation
                    document.power = .running
                    document.command = HostCommand(
                        id: context.record.id.text, action: operation == .rebootHard ? .rebootHard : .rebootSoft)
                },
                steps.observed(
                    "guest",
                    isReached: { server, context in
                        server.observedPower == .running && server.completedCommand == context.record.id.text
                    },
                    commit: { server, _ in
                        { db in try OperationStart.settle(server.id, in: .active, now: clock.now(), db) }
                    }),
            ],
            unwound: { context, why in try steps.failed(context, why) })
    }
}
