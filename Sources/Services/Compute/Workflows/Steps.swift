import Foundation
import HostProtocol
import Model
import Store
import Workflow

/// Steps that several workflows share.
struct ServerSteps: Sendable {
    let compute: ComputeService

    func server(_ context: StepContext) async throws -> Server {
        try await compute.database.read { try server(context, $0) }
    }

    func server(_ context: StepContext, _ db: any Connection) throws -> Server {
        let id = try context.serverID()
        guard let found = try db.find(Server.self, key: .id(id)) else {
            throw CloudError(.notFound, "Instance \(id) could not be found.")
        }
        return found
    }

    func request(_ id: ServerID, _ db: any Connection) throws -> ServerRequest {
        guard let found = try db.find(ServerRequest.self, key: .id(id)) else {
            throw CloudError(.internal, "What was asked for server \(id) is not kept.")
        }
        return found
    }

    /// The server with what was asked for it and the host that has it.
    func placed(_ context: StepContext) async throws -> (Server, ServerRequest, Model.Host) {
        try await compute.database.read { db in
            let server = try server(context, db)
            guard let id = server.hostID, let host = try db.find(Model.Host.self, key: .id(id)) else {
                throw CloudError(.internal, "Server \(server.id) has no host.")
            }
            return (server, try request(server.id, db), host)
        }
    }

    /// Waits until the server's host answers its newest document with what `isReached` wants; its failure is the step's
    /// failure.
    func observed(
        _ name: String, undo: Undo = .none(why: "it only waits"),
        isReached: @escaping @Sendable (ServerPlacement, StepContext, any Connection) throws -> Bool,
        commit: @escaping @Sendable (Server, StepContext) async throws -> StepCommit
    ) -> Step {
        Step(name, undo: undo) { context in
            let (server, isThere) = try await compute.database.read { db -> (Server, Bool) in
                let server = try self.server(context, db)
                guard let placement = try ServerPlacementQueries.current(of: server.id, db), placement.isAnswered else {
                    return (server, false)
                }
                if let failure = placement.failure { throw try HostFailure.error(failure) }
                return (server, try isReached(placement, context, db))
            }
            if let host = server.hostID { compute.bells.host(host) }
            guard isThere else { return .nap(seconds: 5) }
            return .done(commit: try await commit(server, context))
        }
    }

    /// Writes what the row shows of the server's ports, as they are now.
    func showPorts(of server: Server) -> StepCommit {
        { [network = compute.network] db in
            guard var row = try db.find(Server.self, key: .id(server.id)) else { return }
            let shown = try ShownPorts(try network.attachments(of: row, db))
            row.addresses = shown.json
            row.securityGroups = shown.groups
            try db.update(row)
        }
    }

    /// The server is in ERROR and says why.
    func failed(_ context: StepContext, _ why: String) throws -> UnwindingEnd {
        let id = try context.serverID()
        let now = compute.clock.now()
        return { db in
            try OperationStart.fail(id, why, now: now, db)
            return .failed
        }
    }
}

extension WorkflowDefinition {
    init(
        _ rule: OperationRule, steps: [Step],
        unwound: @escaping @Sendable (StepContext, String) throws -> UnwindingEnd
    ) {
        self.init(kind: rule.kind, deadlineSeconds: rule.deadlineSeconds, steps: steps, unwound: unwound)
    }
}

extension StepContext {
    func input<Input: Codable & Sendable>(_ type: Input.Type) throws -> Input {
        try JSONText<Input>(raw: record.input).value()
    }
}
