package import Workflow

extension ComputeService {
    /// Every workflow of Compute.
    package var workflows: [WorkflowDefinition] {
        let steps = ServerSteps(compute: self)
        return [
            BuildServer.definition(steps), DeleteServer.definition(steps), PowerServer.start(steps),
            PowerServer.stop(steps), RebootServer.definition(steps), AttachInterface.definition(steps),
            DetachInterface.definition(steps),
        ]
    }
}
