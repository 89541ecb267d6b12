package import Workflow

extension ComputeService {
    /// Every workflow of Compute.
    package var workflows: [WorkflowDefinition] {
        let steps = ServerSteps(compute: self)
        return SettleServer.definitions(steps) + ChangeMachine.definitions(steps)
            + ResizeServer.definitions(steps) + ShelveServer.definitions(steps)
            + SoftDeleteServer.definitions(steps) + GuestCommand.definitions(steps)
            + ChangeKeys.definitions(steps) + [
                UnshelveServer.definition(steps),
                BuildServer.definition(steps), DeleteServer.definition(steps), AttachInterface.definition(steps),
                DetachInterface.definition(steps), SnapshotServer.definition(steps), SnapshotServer.backup(steps),
            ]
    }
}
