import HostProtocol
import Model
import Store
import Workflow

/// The guest ends, and another one starts under the same server on the same host
/// (`docs/decisions/0023-another-machine.md`).
enum ChangeMachine {
    struct Input: Codable, Sendable {
        var operation: ServerOperation
        /// Where the server rests in the end.
        var settled: SettledState
        /// Of a rebuild: the ephemeral disk stays.
        var preservesEphemeral: Bool?
        /// Of a rescue: what the rescue disk is made of.
        var rescue: RescueDisk?
    }

    static func definitions(_ steps: ServerSteps) -> [WorkflowDefinition] {
        [ServerOperation.rebuild, .rescue, .unrescue].map { definition($0.rule, steps) }
    }

    private static func definition(_ rule: OperationRule, _ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            rule,
            steps: [
                steps.inStore(
                    "document", undo: .none(why: "the server is in ERROR, and may be rebuilt"),
                    StoreWork(commit: { context, db in
                        try change(steps, context, db)
                        return {}
                    })),
                steps.observed(
                    "guest", isReached: { seen, context, _ in seen.power == power(try input(context)).seen },
                    commit: { context, db in
                        let input = try input(context)
                        try OperationStart.settle(context.serverID(), in: input.settled, now: context.now, db) {
                            if input.operation != .unrescue { $0.launchedAt = context.now }
                        }
                        try ServerQueries.forgetPassword(of: context.serverID(), db)
                        return {}
                    }),
            ],
            unwound: { context, why in try steps.failed(context, why) })
    }

    private static func input(_ context: StepContext) throws -> Input { try context.input(Input.self) }

    private static func power(_ input: Input) -> DesiredPower { input.settled == .stopped ? .stopped : .running }

    private static func change(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws {
        let input = try input(context)
        var server = try steps.server(context, db)
        let request = try steps.request(server.id, db)
        try HostDocuments.change(of: server.id, for: context.record.requestID, db) { document in
            document.machine += 1
            document.power = power(input)
            switch (input.operation, input.rescue) {
            case (.rebuild, _):
                try document.rebuild(server, request, preservesEphemeral: input.preservesEphemeral ?? false)
            case (.rescue, let disk?): document.rescue(with: disk)
            default: document.unrescue()
            }
        }
        let last = input.operation.rule.taskStates.count - 1
        if server.phase != last {
            server.phase = last
            try db.update(server)
        }
    }
}

/// The disk that a rescued server boots from.
struct RescueDisk: Codable, Sendable {
    var image: ImageReference
    /// `hw_rescue_bus` of the image.
    var bus: String?
    /// Whether the server's own disks stay where they are (Nova's stable device rescue).
    var isStable: Bool
}

extension DesiredServer {
    fileprivate mutating func rebuild(
        _ server: Server, _ request: ServerRequest, preservesEphemeral: Bool
    ) throws {
        let flavor = try server.flavor.value()
        hardware = GuestHardware(
            name: server.name, vcpus: flavor.vcpus, memoryMiB: flavor.ram,
            imageProperties: try server.imageProperties.value(), extraSpecs: flavor.extraSpecs)
        let ephemeral = disks.filter { $0.role == .ephemeral }
        let made = try server.disks(of: request).map { disk in
            var disk = disk
            disk.id += "-\(machine)"
            return disk
        }
        guard preservesEphemeral, !ephemeral.isEmpty else { return disks = made }
        let place = made.firstIndex { $0.role == .ephemeral } ?? made.endIndex
        disks = made.filter { $0.role != .ephemeral }
        disks.insert(contentsOf: ephemeral, at: min(place, disks.endIndex))
    }

    /// Nova's classic rescue has the rescue disk first, the root disk behind it, and of the others the config drive.
    fileprivate mutating func rescue(with disk: RescueDisk) {
        let rescue = GuestDisk(
            id: "rescue-\(machine)", role: .rescue, source: .image(disk.image), bus: disk.bus, bootIndex: 0,
            isReadOnly: disk.image.format == .iso)
        for place in disks.indices {
            if disks[place].bootIndex != nil { disks[place].bootIndex = 1 }
            disks[place].isKept = !disk.isStable && (disks[place].role == .ephemeral || disks[place].role == .swap)
        }
        disks.insert(rescue, at: disk.isStable ? disks.endIndex : disks.startIndex)
    }

    fileprivate mutating func unrescue() {
        disks.removeAll { $0.role == .rescue }
        for place in disks.indices {
            disks[place].isKept = false
            if disks[place].role == .root { disks[place].bootIndex = 0 }
        }
    }
}

extension Server {
    /// The disks that its flavor and its image give it.
    func disks(of request: ServerRequest) throws -> [GuestDisk] {
        let flavor = try flavor.value()
        return FlavorDisks(
            image: try request.imageReference(), rootGiB: flavor.disk,
            ephemeralGiB: flavor.ephemeral > 0 ? [flavor.ephemeral] : [], swapMiB: flavor.swap,
            configDrive: configDrive
        ).list
    }
}
