import HostProtocol
import Model
import Store
import Workflow

/// What is done to a guest once, and changes nothing of its server.
enum GuestCommand {
    static func definitions(_ steps: ServerSteps) -> [WorkflowDefinition] {
        [
            definition(.changePassword, steps) { server, db in
                guard let password = try steps.request(server.id, db).adminPassword else {
                    throw CloudError(.internal, "The password is not kept.")
                }
                let hardware = GuestHardware(
                    name: "", vcpus: 0, memoryMiB: 0, imageProperties: try server.imageProperties.value())
                return (
                    .setPassword,
                    [
                        DesiredCommand.userArgument: hardware.administrator,
                        DesiredCommand.passwordArgument: password,
                    ]
                )
            },
            definition(.triggerCrashDump, steps) { _, _ in (.injectNMI, [:]) },
        ]
    }

    private static func definition(
        _ operation: ServerOperation, _ steps: ServerSteps,
        _ command:
            @escaping @Sendable (Server, any Connection) throws -> (
                action: HostCommandAction, arguments: [String: String]
            )
    ) -> WorkflowDefinition {
        WorkflowDefinition(
            operation.rule,
            steps: [
                steps.inStore(
                    "command", undo: .none(why: "the end of the unwinding cancels it"),
                    StoreWork(commit: { context, db in
                        let (action, arguments) = try command(try steps.server(context, db), db)
                        try HostCommands.give(
                            action, arguments, on: context.serverID(), by: context.record, now: context.now, db)
                        return {}
                    })),
                steps.inStore(
                    "done", undo: .none(why: "it is the last"),
                    StoreWork(
                        missing: { context, db in
                            guard let command = try HostCommands.given(by: context.record, db), command.state != .done
                            else { return nil }
                            return { steps.compute.bells.host(command.hostID) }
                        },
                        commit: { context, db in
                            try end(operation, of: context.serverID(), now: context.now, db)
                            return {}
                        })),
            ],
            unwound: { context, why in
                let (id, now) = (try context.serverID(), steps.compute.clock.now())
                return { db in
                    try HostCommands.cancel(of: id, because: why, now: now, db)
                    try end(operation, of: id, now: now, db)
                    return .failed
                }
            })
    }

    private static func end(
        _ operation: ServerOperation, of id: ServerID, now: Timestamp, _ db: any Connection
    ) throws {
        if operation == .changePassword { try ServerQueries.forgetPassword(of: id, db) }
        if operation.rule.occupies { try OperationStart.settle(id, in: nil, now: now, db) }
    }
}
