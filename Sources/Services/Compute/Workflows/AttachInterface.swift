import HostProtocol
import Model
import Networking
import Store
import Workflow

/// A port, then the document with one NIC more, then the guest that has it. A failure leaves the server as it was.
enum AttachInterface {
    struct Input: Codable, Sendable {
        var nic: RequestedNIC
        var byAdministrator: Bool
    }

    static let portOutput = "port"

    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        WorkflowDefinition(
            ServerOperation.attachInterface.rule,
            steps: [
                Step(portOutput, undo: .run { try await release(steps, $0) }) { try await bind(steps, $0) },
                steps.inStore(
                    "document", undo: .run { try await withdraw(steps, $0) },
                    StoreWork(commit: { context, db in
                        try plug(steps, context, db)
                        return {}
                    })),
                steps.observed(
                    "guest", isReached: { _, _, _ in true },
                    commit: { context, db in
                        try steps.showPorts(of: context.serverID(), db)
                        return {}
                    }),
            ],
            unwound: { context, _ in
                let (id, input) = (try context.serverID(), try context.input(Input.self))
                return { db in
                    try ServerRequest.forgetNIC(of: input.nic.portID, of: id, db)
                    return .failed
                }
            })
    }

    private static func bind(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let (server, _, host) = try await steps.placed(context)
        let input = try context.input(Input.self)
        let port = try await steps.compute.network.bind(
            server, input.nic, key: context.record.id.text, to: host,
            by: .workflow(context.record, asAdministrator: input.byAdministrator))
        return .done(outputs: [portOutput: port.id.text])
    }

    private static func plug(_ steps: ServerSteps, _ context: StepContext, _ db: any Connection) throws {
        let server = try steps.server(context, db)
        let attachments = try steps.compute.network.attachments(of: server, db)
        guard let found = attachments.first(where: { $0.port.id.text == context.outputs[portOutput] }) else {
            throw CloudError(.conflict, "Port \(context.outputs[portOutput] ?? "") was taken away meanwhile.")
        }
        try HostDocuments.change(of: server.id, for: context.record.requestID, db) { $0.plug(GuestNIC(found)) }
    }

    private static func withdraw(_ steps: ServerSteps, _ context: StepContext) async throws -> StepCommit {
        let id = try context.serverID()
        let request = context.record.requestID
        guard let port = context.outputs[portOutput].map({ PortID($0) }) else { return { _ in } }
        return { db in
            try HostDocuments.change(of: id, for: request, db) { $0.unplug(port) }
        }
    }

    /// By now the document is without it, so the host is told to look.
    private static func release(_ steps: ServerSteps, _ context: StepContext) async throws -> StepCommit {
        let server = try await steps.server(context)
        if let host = server.hostID { steps.compute.bells.host(host) }
        try await steps.compute.network.release(
            server.id, .key(context.record.id.text), given: [context.input(Input.self).nic])
        return { try steps.showPorts(of: server.id, $0) }
    }
}

extension GuestNIC {
    init(_ attachment: PortAttachment) {
        self.init(
            portID: attachment.port.id, networkID: attachment.network.id, macAddress: attachment.port.macAddress,
            mtu: attachment.network.mtu)
    }
}

extension DesiredServer {
    mutating func plug(_ nic: GuestNIC) {
        unplug(nic.portID)
        nics.append(nic)
    }

    mutating func unplug(_ port: PortID) {
        nics.removeAll { $0.portID == port }
    }
}

extension ServerRequest {
    /// What the server was given is remembered, so that it is set free and not deleted with the server.
    static func remember(_ nic: RequestedNIC, of server: ServerID, _ db: any Connection) throws {
        guard nic.portID != nil, var request = try db.find(ServerRequest.self, key: .id(server)) else { return }
        request.nics = try JSONText(try request.nics.value() + [nic])
        try db.update(request)
    }

    /// One entry: of two that asked for the same port at once, the other may have it.
    static func forgetNIC(of port: PortID?, of server: ServerID, _ db: any Connection) throws {
        guard let port, var request = try db.find(ServerRequest.self, key: .id(server)) else { return }
        var nics = try request.nics.value()
        guard let place = nics.lastIndex(where: { $0.portID == port }) else { return }
        nics.remove(at: place)
        request.nics = try JSONText(nics)
        try db.update(request)
    }
}
