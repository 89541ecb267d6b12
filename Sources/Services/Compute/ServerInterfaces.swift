import HostProtocol
package import Model
import Networking
import Store
import Workflow

/// The ports of servers: shown, attached and detached, and followed when Network changes them.
extension ComputeService {
    /// Seconds a caller waits for an interface; Nova's answer, too, comes after the work.
    private static let patience = 60.0

    package func attachments(of id: ServerID, by caller: Caller) async throws -> [ServerInterface] {
        let server = try await server(id, by: caller)
        return try await network.attachments(of: id, in: server.projectID).map(ServerInterface.init)
    }

    /// Attaches a port, or one made in a network; without a wish one in the network that a new server would get.
    /// Returns when the guest has it. What takes longer than a minute goes on, and its port is returned if there is
    /// one.
    package func attach(
        _ wanted: RequestedNIC?, to id: ServerID, by caller: Caller
    ) async throws -> ServerInterface {
        let workflow = try await beginAttaching(wanted, to: id, by: caller)
        let ended = try await awaitEnd(of: workflow)
        let outputs = try ended.outputs.value()
        if ended.outcome == .failed {
            let kind = outputs[WorkflowRecord.failureKindOutput].flatMap { CloudError.Kind(rawValue: $0) }
            // What took over names no kind.
            throw CloudError(kind ?? .conflict, ended.failure ?? "The interface could not be attached.")
        }
        let interfaces = try await attachments(of: id, by: caller)
        guard let found = interfaces.first(where: { $0.port.id.text == outputs[AttachInterface.portOutput] }) else {
            throw CloudError(
                .conflict,
                "The interface of server \(id) is not attached yet; that goes on. See the server's actions, request "
                    + "\(caller.requestID).")
        }
        return found
    }

    /// The same without waiting; returns the workflow that does it.
    package func beginAttaching(
        _ wanted: RequestedNIC?, to id: ServerID, by caller: Caller
    ) async throws -> WorkflowID {
        let server = try await server(id, by: caller)
        try OperationStart.check(ServerOperation.attachInterface.rule, on: server, by: caller)
        let nic = try await database.read { try network.resolve(wanted, by: caller, $0) }
        let input = try JSONText(AttachInterface.Input(nic: nic, byAdministrator: caller.isAdmin)).raw
        return try await queue(.attachInterface, on: id, input: input, by: caller) { db in
            try ServerRequest.remember(nic, of: id, db)
        }
    }

    /// Begins to take an interface away; the port goes with it if it was made for the server.
    @discardableResult
    package func detach(_ port: PortID, from id: ServerID, by caller: Caller) async throws -> WorkflowID {
        let server = try await server(id, by: caller)
        try OperationStart.check(ServerOperation.detachInterface.rule, on: server, by: caller)
        guard try await attachments(of: id, by: caller).contains(where: { $0.port.id == port }) else {
            throw CloudError(.notFound, "Instance \(id) does not have a port with id \(port)")
        }
        let input = try JSONText(DetachInterface.Input(portID: port)).raw
        return try await queue(.detachInterface, on: id, input: input, by: caller)
    }

    /// Begins what does not occupy the server, now or when its turn comes.
    func queue(
        _ change: ServerOperation, on id: ServerID, input: String, by caller: Caller,
        also write: @escaping @Sendable (any Connection) throws -> Void = { _ in }
    ) async throws -> WorkflowID {
        let now = clock.now()
        let lease = bells.workflows.lease(from: now)
        let begun = try await database.transaction { db in
            let server = try visible(id, by: caller, db)
            try OperationStart.check(change.rule, on: server, by: caller)
            let workflow = OperationStart.workflow(
                change.rule, on: server, input: input, by: caller.userID, requestID: caller.requestID,
                now: now, lease)
            try write(db)
            return try bells.workflows.queue(workflow, on: id, now: now, db)
        }
        bells.workflows.started([begun])
        return begun.record.id
    }

    /// The row at its end, or as it is when patience is over.
    func awaitEnd(of id: WorkflowID) async throws -> WorkflowRecord {
        let bell = bells.workflows.awaitEnd(of: id)
        defer { bells.workflows.forget(bell, of: id) }
        let deadline = clock.now().advanced(seconds: Self.patience)
        while true {
            guard let record = try await database.read({ try $0.find(WorkflowRecord.self, key: .id(id)) }) else {
                throw CloudError(.internal, "The workflow \(id) is not kept.")
            }
            if record.finishedAt != nil || clock.now() >= deadline { return record }
            // A runner of another process cannot ring.
            await bell.wait(until: min(deadline, clock.now().advanced(seconds: 1)), clock: clock)
            try Task.checkCancellation()
        }
    }

    /// Brings the addresses and groups shown in a server's row up to date with Network. A NIC whose port was deleted
    /// there is detached.
    package func refreshAddresses(of devices: [String]) async throws {
        for device in devices {
            let id = ServerID(device)
            let now = clock.now()
            let begun = try await database.transaction { [network] db -> [CarriedWorkflow] in
                guard var server = try ServerQueries.live(id, db) else { return [] }
                let attachments = try network.attachments(of: server, db)
                let shown = try ShownPorts(attachments)
                server.addresses = shown.json
                server.securityGroups = shown.groups
                try db.update(server)
                return try detachLost(of: server, but: Set(attachments.map(\.port.id)), now: now, db)
            }
            bells.workflows.started(begun)
        }
    }

    /// A guest must not keep a card whose tap is gone: it could not be started again.
    private func detachLost(
        of server: Server, but ports: Set<PortID>, now: Timestamp, _ db: any Connection
    ) throws -> [CarriedWorkflow] {
        guard server.operation != .build, server.operation != .delete,
            let document = try HostDocuments.document(of: server.id, db)
        else { return [] }
        return try document.nics.filter { !ports.contains($0.portID) }.map { nic in
            let workflow = OperationStart.workflow(
                ServerOperation.detachInterface.rule, on: server,
                input: try JSONText(DetachInterface.Input(portID: nic.portID)).raw, by: server.userID,
                requestID: "req-\(UUIDText.random())", now: now, Timestamp(microseconds: 0))
            return try bells.workflows.queue(workflow, on: server.id, now: now, db)
        }
    }
}

/// A port of a server as `os-interface` shows it.
package struct ServerInterface: Sendable {
    package var port: Port
    package var tag: String?

    init(_ attachment: PortAttachment) {
        port = attachment.port
        tag = port.nicTag
    }
}
