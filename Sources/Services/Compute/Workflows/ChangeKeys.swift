import HostProtocol
import Model
import Store
import Workflow

/// The guest's agent adds keys or removes them; then the metadata says the same. A failure leaves the metadata as it
/// was, and what the guest has of it is told by its failure.
enum ChangeKeys {
    struct Input: Codable, Sendable {
        var operation: ServerOperation
        var keys: [PublicKey]
        var user: String
    }

    static func definitions(_ steps: ServerSteps) -> [WorkflowDefinition] {
        [ServerOperation.addKeys, .removeKeys].map { definition($0.rule, steps) }
    }

    private static func definition(_ rule: OperationRule, _ steps: ServerSteps) -> WorkflowDefinition {
        let clock = steps.compute.clock
        return WorkflowDefinition(
            rule,
            steps: [
                steps.inStore(
                    "command", undo: .none(why: "the end of the unwinding cancels it"),
                    StoreWork(commit: { context, db in
                        try give(context, db)
                        return {}
                    })),
                steps.inStore(
                    "guest", undo: .none(why: "it is the last"),
                    StoreWork(
                        missing: { try missing(steps, $0, $1) },
                        commit: { context, db in
                            try write(context.input(Input.self), to: context.serverID(), db)
                            return {}
                        })),
            ],
            unwound: { context, why in
                let id = try context.serverID()
                let now = clock.now()
                return { db in
                    try HostCommands.cancel(of: id, because: why, now: now, db)
                    return .failed
                }
            })
    }

    private static func give(_ context: StepContext, _ db: any Connection) throws {
        let input = try context.input(Input.self)
        let isRemoval = input.operation == .removeKeys
        let change = GuestKeyChange(user: input.user, lines: input.keys.map(\.line), isRemoval: isRemoval)
        try HostCommands.give(
            isRemoval ? .removeKeys : .addKeys, change.arguments, on: context.serverID(), by: context.record,
            now: context.now, db)
    }

    private static func missing(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws -> Told? {
        guard let command = try HostCommands.given(by: context.record, db) else {
            throw CloudError(.internal, "The command that changes the keys is not kept.")
        }
        if command.state == .done { return nil }
        return { steps.compute.bells.host(command.hostID) }
    }

    /// What the server's metadata tells from now on.
    static func write(_ input: Input, to server: ServerID, _ db: any Connection) throws {
        var request = try ServerRequest.find(server, db)
        let known = try request.publicKeys.value()
        let removed = Set(input.keys.map(\.fingerprint))
        request.publicKeys = try JSONText(
            input.operation == .removeKeys
                ? known.filter { !removed.contains($0.fingerprint) } : added(input.keys, to: known))
        try db.update(request)
    }

    /// A key that is there already stays where it is.
    static func added(_ keys: [PublicKey], to known: [PublicKey]) -> [PublicKey] {
        var (all, seen) = (known, Set(known.map(\.fingerprint)))
        for key in keys where seen.insert(key.fingerprint).inserted { all.append(key) }
        return all
    }
}
