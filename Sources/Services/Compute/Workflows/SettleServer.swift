import HostProtocol
import Model
import Store
import Workflow

/// Every operation whose row in `ServerOperation` says all of it: the document says what is wanted, the guest is seen
/// to be so, and the server rests there.
enum SettleServer {
    /// One for each kind; which operation it is stands in the workflow's input.
    static func definitions(_ steps: ServerSteps) -> [WorkflowDefinition] {
        let rules = ServerOperation.allCases.map(\.rule).filter { $0.goal.power != nil }
        return Dictionary(rules.map { ($0.kind, $0) }) { first, _ in first }.values.map { definition($0, steps) }
    }

    private static func definition(_ rule: OperationRule, _ steps: ServerSteps) -> WorkflowDefinition {
        let clock = steps.compute.clock
        return WorkflowDefinition(
            rule,
            steps: [
                steps.inStore(
                    "document", undo: .none(why: "where the server then rests is decided by what its guest is"),
                    StoreWork(commit: { context, db in
                        try want(context, db)
                        return {}
                    })),
                steps.observed(
                    "guest", isReached: { try isReached($0, $1, $2) },
                    commit: { context, db in
                        let settled = try goal(context).power?.settled
                        try OperationStart.settle(context.serverID(), in: settled, now: context.now, db)
                        return {}
                    }),
            ],
            unwound: { context, why in try failed(context, why, clock.now()) })
    }

    private static func goal(_ context: StepContext) throws -> OperationRule.Goal {
        try context.input(OperationInput.self).operation.rule.goal
    }

    /// The document is written anew even where it says so already: the host is to look again, and to answer.
    private static func want(_ context: StepContext, _ db: any Connection) throws {
        let (id, goal, workflow) = (try context.serverID(), try goal(context), context.record)
        try HostDocuments.change(of: id, for: workflow.requestID, db) { $0.power = goal.power ?? $0.power }
        if case .command(let action) = goal {
            try HostCommands.give(action, on: id, by: workflow, now: context.now, db)
        }
    }

    private static func isReached(
        _ seen: ServerPlacement.Observed, _ context: StepContext, _ db: any Connection
    ) throws -> Bool {
        let goal = try goal(context)
        if case .command = goal, try !HostCommands.isDone(context.record, db) { return false }
        return seen.power == goal.power?.seen
    }

    private static func failed(_ context: StepContext, _ why: String, _ now: Timestamp) throws -> UnwindingEnd {
        let id = try context.serverID()
        let rule = try context.input(OperationInput.self).operation.rule
        let request = context.record.requestID
        return { db in
            try HostCommands.cancel(of: id, because: why, now: now, db)
            let placement = try ServerPlacementQueries.current(of: id, db)
            let isLost = rule.failure == .revertIfOn && placement?.observedPower.isOn != true
            if rule.failure == .error || isLost {
                try OperationStart.fail(id, why, now: now, db)
                return .failed
            }
            try OperationStart.rest(id, for: request, now: now, db)
            return .failed
        }
    }
}

extension OperationRule.Goal {
    /// What the guest is to be in the end, where that is all.
    fileprivate var power: DesiredPower? {
        switch self {
        case .power(let power): power
        case .command: .running
        case .record, .steps: nil
        }
    }
}
