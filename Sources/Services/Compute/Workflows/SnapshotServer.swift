import HostProtocol
import Model
import Store
import Workflow

/// The host copies the server's root disk and fills an image with it (`docs/decisions/0020-snapshots.md`). A backup
/// then takes the place of the oldest.
enum SnapshotServer {
    struct Input: Codable, Sendable {
        var imageID: ImageID
        /// Less is a failure.
        var consistency: SnapshotConsistency?
        var rotation: Rotation?
    }

    struct Rotation: Codable, Sendable {
        /// The user's word for backups of one kind, such as `daily`.
        var kind: String
        /// How many of them are kept.
        var count: Int
        /// Whose they are.
        var projectID: ProjectID
    }

    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        definition(of: .createImage, steps, [])
    }

    static func backup(_ steps: ServerSteps) -> WorkflowDefinition {
        let rotated = Step("rotated", undo: .none(why: "what is gone is gone")) { context in
            if let rotation = try context.input(Input.self).rotation {
                try await steps.compute.image.rotate(
                    rotation.kind, of: context.serverID(), in: rotation.projectID, keeping: rotation.count)
            }
            return .done()
        }
        return definition(of: .createBackup, steps, [rotated])
    }

    private static func definition(
        of operation: ServerOperation, _ steps: ServerSteps, _ more: [Step]
    ) -> WorkflowDefinition {
        WorkflowDefinition(
            operation.rule,
            steps: copying(steps) + more + [
                steps.inStore(
                    "settled", undo: .none(why: "it is the last"),
                    StoreWork(commit: { context, db in
                        try OperationStart.rest(
                            context.serverID(), for: context.record.requestID, now: context.now, db)
                        return {}
                    }))
            ],
            unwound: { context, why in try unwound(steps, context, why) })
    }

    /// The steps at whose end the image is filled. The workflow's input holds what `Input` does.
    static func copying(_ steps: ServerSteps) -> [Step] {
        [
            steps.inStore(
                "command", undo: .none(why: "the end of the unwinding cancels it"),
                StoreWork(commit: { try give($0, $1) })),
            steps.inStore(
                "copied", undo: .none(why: "it only waits"),
                StoreWork(
                    missing: { try missing(steps, $0, $1) { try $0.report?.consistency != nil } },
                    commit: { context, db in
                        try describe(context, db)
                        return {}
                    })),
            steps.inStore(
                "uploaded", undo: .none(why: "it only waits"),
                StoreWork(missing: { try missing(steps, $0, $1) { $0.state == .done } })),
        ]
    }

    private static func give(_ context: StepContext, _ db: any Connection) throws -> Told {
        let input = try context.input(Input.self)
        var arguments = [DesiredCommand.imageArgument: input.imageID.text]
        arguments[DesiredCommand.consistencyArgument] = input.consistency?.rawValue
        try HostCommands.give(
            .snapshot, arguments, on: context.serverID(), by: context.record, now: context.now, db)
        return {}
    }

    private static func missing(
        _ steps: ServerSteps, _ context: StepContext, _ db: any Connection,
        until isReached: (HostCommand) throws -> Bool
    ) throws -> Told? {
        guard let command = try HostCommands.given(by: context.record, db) else {
            throw CloudError(.internal, "The command of the snapshot is not kept.")
        }
        if try isReached(command) { return nil }
        return { steps.compute.bells.host(command.hostID) }
    }

    private static func describe(_ context: StepContext, _ db: any Connection) throws {
        let command = try HostCommands.given(by: context.record, db)
        guard let report = try command?.report else { return }
        var properties = ["image_location": "snapshot", "image_state": "available"]
        properties[SnapshotConsistency.property] = report.consistency?.rawValue
        properties[SnapshotConsistency.frozenProperty] = report.frozenMilliseconds.map(String.init)
        properties[SnapshotConsistency.disksProperty] = report.disks.joined(separator: ",")
        properties[SnapshotConsistency.reasonProperty] = report.reason
        try ImageCalls.describe(
            context.input(Input.self).imageID, with: properties, at: context.now, db)
    }

    private static func unwound(
        _ steps: ServerSteps, _ context: StepContext, _ why: String
    ) throws -> UnwindingEnd {
        let (id, image, request) = (
            try context.serverID(), try context.input(Input.self).imageID, context.record.requestID
        )
        let now = steps.compute.clock.now()
        return { db in
            try HostCommands.cancel(of: id, because: why, now: now, db)
            try ImageCalls.discard(image, at: now, db)
            try OperationStart.rest(id, for: request, now: now, db)
            return .failed
        }
    }

    /// Nobody goes on with the server's snapshots: what they have of images goes.
    static func discardImages(of server: ServerID, now: Timestamp, _ db: any Connection) throws {
        let kinds = [ServerOperation.createImage, .createBackup, .shelve].map(\.rule.kind)
        for workflow in try WorkflowQueries.open(kinds, on: server, db) {
            let input = try JSONText<Input>(raw: workflow.input).value()
            try ImageCalls.discard(input.imageID, at: now, db)
        }
    }
}

extension HostCommand {
    /// What its host has told of it so far, where it is a snapshot.
    fileprivate var report: SnapshotReport? {
        get throws { SnapshotReport(result: try result?.value()) }
    }
}
