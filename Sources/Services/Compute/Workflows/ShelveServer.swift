import HostProtocol
import Model
import Store
import Workflow

/// The disk becomes an image; then the host may forget the server (`docs/decisions/0025-set-aside.md`).
enum ShelveServer {
    /// It holds what `SnapshotServer.Input` does.
    struct Input: Codable, Sendable {
        var imageID: ImageID
        /// Where the server rested before.
        var settled: SettledState
        /// Whether it leaves its host at once.
        var isOffloaded: Bool
    }

    /// The place of `shelving_offloading` in the `task_state`s of shelving.
    private static let offloadingPhase = 4

    static func definitions(_ steps: ServerSteps) -> [WorkflowDefinition] { [shelve(steps), offload(steps)] }

    private static func shelve(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.shelve.rule,
            steps: [
                steps.inStore(
                    "off", undo: .none(why: "the end of the unwinding starts the guest"),
                    StoreWork(commit: { context, db in
                        try HostDocuments.change(of: context.serverID(), for: context.record.requestID, db) {
                            $0.power = .stopped
                        }
                        return {}
                    })),
                steps.observed(
                    "guest", isReached: { seen, _, _ in DesiredPower(seen: seen.power) == .stopped },
                    commit: { _, _ in {} }),
            ] + SnapshotServer.copying(steps) + [
                steps.inStore(
                    "shelved", undo: .none(why: "the image is whole"),
                    StoreWork(commit: { context, db in
                        try shelved(context, db)
                        return {}
                    }))
            ] + offloading(steps) { try $0.input(Input.self).isOffloaded },
            unwound: { context, why in try unwound(steps, context, why) })
    }

    private static func offload(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.shelveOffload.rule, steps: offloading(steps) { _ in true },
            unwound: { context, _ in
                let (id, request, now) = (
                    try context.serverID(), context.record.requestID, steps.compute.clock.now()
                )
                return { db in try leave(steps, id, for: request, now: now, db) }
            })
    }

    /// From here on the way leads forward only.
    private static func shelved(_ context: StepContext, _ db: any Connection) throws {
        let (id, input) = (try context.serverID(), try context.input(Input.self))
        try db.insertIfAbsent(SetAsideServer(serverID: id, since: context.now, imageID: input.imageID))
        guard input.isOffloaded else {
            try OperationStart.settle(id, in: .shelved, now: context.now, db)
            return
        }
        guard let old = try db.find(Server.self, key: .id(id)) else { return }
        var server = old
        server.settled = .shelved
        server.phase = offloadingPhase
        server.progress = nil
        server.updatedAt = context.now
        try db.update(server, from: old)
    }

    /// The steps after which the server is on no host. `isDue` tells whether this is wanted.
    private static func offloading(
        _ steps: ServerSteps, _ isDue: @escaping @Sendable (StepContext) throws -> Bool
    ) -> [Step] {
        [
            steps.inStore(
                "withdraw", undo: .none(why: "the image is whole"),
                StoreWork(commit: { context, db in
                    if try isDue(context) {
                        try HostDocuments.withdraw(
                            context.serverID(), for: context.record.requestID, now: context.now, db)
                    }
                    return {}
                })),
            steps.inStore(
                "absent", undo: .none(why: "it only waits"),
                StoreWork(missing: { context, db in
                    guard try isDue(context) else { return nil }
                    return try DeleteServer.owing(steps, context, db)
                })),
            steps.inStore(
                "released", undo: .none(why: "it is the last"),
                StoreWork(commit: { context, db in
                    guard try isDue(context) else { return {} }
                    return try release(steps, context.serverID(), now: context.now, db)
                })),
        ]
    }

    /// Whatever the host still owes: the server holds nothing any more, and rests without a host.
    static func release(
        _ steps: ServerSteps, _ id: ServerID, now: Timestamp, _ db: any Connection
    ) throws -> Told {
        let told = try clear(steps, id, now: now, db)
        try OperationStart.settle(id, in: .shelvedOffloaded, now: now, db)
        return told
    }

    /// The server is on no host any more; the operation goes on.
    static func clear(
        _ steps: ServerSteps, _ id: ServerID, now: Timestamp, _ db: any Connection
    ) throws -> Told {
        let compute = steps.compute
        guard var server = try db.find(Server.self, key: .id(id)) else { return {} }
        var released: [Allocation] = []
        for placement in try ServerPlacementQueries.all(of: server.id, db) {
            released += try ServerPlacementQueries.giveBack(placement, db)
        }
        let change = try compute.network.unbind(server, db)
        server.settled = .shelvedOffloaded
        server.hostID = nil
        server.availabilityZone = server.requestedZone
        server.power = 0
        server.updatedAt = now
        try db.update(server)
        let all = released
        return {
            compute.capacity.countReleased(all)
            compute.network.tell(change)
        }
    }

    /// The host takes the server away when it can.
    static func leave(
        _ steps: ServerSteps, _ id: ServerID, for request: String, now: Timestamp, _ db: any Connection
    ) throws -> Unwound {
        try HostDocuments.withdraw(id, for: request, now: now, db)
        _ = try release(steps, id, now: now, db)
        return .failed
    }

    /// Before the image is whole the server goes on as it was; afterwards it leaves, whether its host has heard or not.
    private static func unwound(
        _ steps: ServerSteps, _ context: StepContext, _ why: String
    ) throws -> UnwindingEnd {
        let (id, input, request) = (try context.serverID(), try context.input(Input.self), context.record.requestID)
        let now = steps.compute.clock.now()
        return { db in
            if try db.find(SetAsideServer.self, key: .id(id)) != nil {
                return input.isOffloaded ? try leave(steps, id, for: request, now: now, db) : .failed
            }
            try HostCommands.cancel(of: id, because: why, now: now, db)
            try ImageCalls.discard(input.imageID, at: now, db)
            guard input.settled == .active else {
                try OperationStart.rest(id, for: request, now: now, db)
                return .failed
            }
            try HostDocuments.change(of: id, for: request, db) { $0.power = .running }
            try OperationStart.settle(id, in: .active, now: now, db)
            return .failed
        }
    }
}
