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
                steps.document(
                    "document", undo: .none(why: "where the server then rests is decided by what its guest is")
                ) { document, context in try want(try goal(context), in: &document, context) },
                steps.observed(
                    "guest", isReached: { server, context in try isReached(try goal(context), server, context) },
                    commit: { server, context in
                        let settled = try goal(context).power?.settled ?? server.settled
                        return { db in try OperationStart.settle(server.id, in: settled, now: clock.now(), db) }
                    }),
            ],
            unwound: { context, why in try failed(context, why, clock.now()) })
    }

    private static func goal(_ context: StepContext) throws -> OperationRule.Goal {
        try context.input(OperationInput.self).operation.rule.goal
    }

    private static func want(
        _ goal: OperationRule.Goal, in document: inout DesiredServer, _ context: StepContext
    ) throws {
        document.power = goal.power ?? document.power
        if case .command(let action) = goal {
            document.command = HostCommand(id: context.record.id.text, action: action)
        }
    }

    private static func isReached(_ goal: OperationRule.Goal, _ server: Server, _ context: StepContext) throws -> Bool {
        guard server.observedPower == goal.power?.seen else { return false }
        guard case .command = goal else { return true }
        return server.completedCommand == context.record.id.text
    }

    /// The document says what the guest is, so that its host does not carry the wish out later.
    private static func failed(_ context: StepContext, _ why: String, _ now: Timestamp) throws -> UnwindingEnd {
        let id = try context.serverID()
        let rule = try context.input(OperationInput.self).operation.rule
        let request = context.record.requestID
        return { db in
            guard let server = try db.find(Server.self, key: .id(id)) else { return .failed }
            let isLost = rule.failure == .revertIfOn && !server.observedPower.isOn
            if rule.failure == .error || isLost {
                try OperationStart.fail(id, why, now: now, db)
                return .failed
            }
            let seen = DesiredPower(seen: server.observedPower)
            if let power = seen, try HostDocuments.document(of: server, db) != nil {
                try HostDocuments.change(of: id, for: request, db) { $0.power = power }
            }
            try OperationStart.settle(id, in: seen?.settled ?? server.settled, now: now, db)
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
