import HostProtocol
import Model
import Networking
import Store
import Workflow

/// The document without the NIC, then the guest that has let go of it, then the port. A guest that keeps its card keeps
/// its port.
enum DetachInterface {
    struct Input: Codable, Sendable {
        var portID: PortID
    }

    /// The NIC as it stood in the document, JSON.
    private static let nicOutput = "nic"

    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.detachInterface.rule,
            steps: [
                Step("look", undo: .run { try await ring(steps, $0) }) { try await look(steps, $0) },
                steps.inStore(
                    "document", undo: .run { try await replug(steps, $0) },
                    StoreWork(commit: { context, db in
                        try unplug(context, db)
                        return {}
                    })),
                steps.observed("guest", isReached: { _, _, _ in true }, commit: { _, _ in {} }),
                Step("port", undo: .none(why: "the guest has no use for it any more")) { context in
                    try await release(steps, context)
                },
            ],
            unwound: { _, _ in { _ in .failed } })
    }

    private static func look(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let (id, port) = (try context.serverID(), try context.input(Input.self).portID)
        let nic = try await steps.compute.database.read { db in
            try HostDocuments.document(of: id, db)?.nics.first { $0.portID == port }
        }
        return .done(outputs: try nic.map { [nicOutput: try JSONText($0).raw] } ?? [:])
    }

    private static func unplug(_ context: StepContext, _ db: any Connection) throws {
        let (id, port) = (try context.serverID(), try context.input(Input.self).portID)
        try HostDocuments.change(of: id, for: context.record.requestID, db) { $0.unplug(port) }
    }

    /// Unless the port has gone already.
    private static func replug(_ steps: ServerSteps, _ context: StepContext) async throws -> StepCommit {
        let server = try await steps.server(context)
        let (id, request) = (server.id, context.record.requestID)
        guard let text = context.outputs[nicOutput] else { return { _ in } }
        let nic = try JSONText<GuestNIC>(raw: text).value()
        let ports = try await steps.compute.network.attachments(of: id, in: server.projectID)
        guard ports.contains(where: { $0.port.id == nic.portID }) else { return { _ in } }
        return { db in
            try HostDocuments.change(of: id, for: request, db) { $0.plug(nic) }
        }
    }

    /// By now the document holds the NIC again, so the host is told to look.
    private static func ring(_ steps: ServerSteps, _ context: StepContext) async throws -> StepCommit {
        if let host = try await steps.server(context).hostID { steps.compute.bells.host(host) }
        return { _ in }
    }

    private static func release(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let (server, request, _) = try await steps.placed(context)
        let port = try context.input(Input.self).portID
        try await steps.compute.network.release(server.id, .port(port), given: try request.nics.value())
        return .done { db in
            try steps.showPorts(of: server.id, db)
            try ServerRequest.forgetNIC(of: port, of: server.id, db)
        }
    }
}
