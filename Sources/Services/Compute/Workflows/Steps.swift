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

    func request(_ id: ServerID, _ db: any Connection) throws -> ServerRequest { try ServerRequest.find(id, db) }

    /// The server with what was asked for it and the host that has it.
    func placed(_ context: StepContext) async throws -> (Server, ServerRequest, HostPlace) {
        try await compute.database.read { try placed(context, $0) }
    }

    func placed(_ context: StepContext, _ db: any Connection) throws -> (Server, ServerRequest, HostPlace) {
        let server = try server(context, db)
        guard let id = server.hostID, let host = try db.find(Model.Host.self, key: .id(id)) else {
            throw CloudError(.internal, "Server \(server.id) has no host.")
        }
        return (server, try request(server.id, db), host.place)
    }

    /// Work that needs the store and nothing else.
    func inStore(_ name: String, undo: Undo, _ work: StoreWork) -> Step {
        Step(name, undo: undo, in: compute.database, work)
    }

    /// Waits until the server's host answers its newest document with what `isReached` wants; its failure is the step's
    /// failure.
    func observed(
        _ name: String, undo: Undo = .none(why: "it only waits"),
        isReached: @escaping @Sendable (ServerPlacement.Observed, StepContext, any Connection) throws -> Bool,
        commit: @escaping @Sendable (StepContext, any Connection) throws -> Told
    ) -> Step {
        inStore(
            name, undo: undo,
            StoreWork(
                missing: { context, db in
                    guard let seen = try ServerPlacementQueries.observed(of: context.serverID(), db) else { return {} }
                    if seen.isAnswered, let failure = seen.failure { throw try HostFailure.error(failure) }
                    if seen.isAnswered, try isReached(seen, context, db) { return nil }
                    return { compute.bells.host(seen.hostID) }
                },
                commit: commit))
    }

    /// Writes what the row shows of the server's ports, as they are now.
    func showPorts(of server: ServerID, _ db: any Connection) throws {
        guard var row = try db.find(Server.self, key: .id(server)) else { return }
        let shown = try ShownPorts(try compute.network.attachments(of: row, db))
        row.addresses = shown.json
        row.securityGroups = shown.groups
        try db.update(row)
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

extension ServerRequest {
    static func find(_ id: ServerID, _ db: any Connection) throws -> ServerRequest {
        guard let found = try db.find(ServerRequest.self, key: .id(id)) else {
            throw CloudError(.internal, "What was asked for server \(id) is not kept.")
        }
        return found
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
