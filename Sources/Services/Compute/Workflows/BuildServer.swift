import Foundation
import HostProtocol
import Logging
import Model
import Networking
import Store
import Workflow

/// Ports, then the document, then the guest that answers it.
enum BuildServer {
    /// Places in the `task_state`s of the operation.
    enum Phase: Int { case scheduling, networking, spawning }

    static let portsStep = "ports"
    static let guestStep = "guest"
    /// The hosts that failed, by id, with commas between.
    private static let triedOutput = "tried-hosts"
    private static let maximumAttempts = 3

    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        let compute = steps.compute
        return WorkflowDefinition(
            ServerOperation.build.rule,
            steps: [
                steps.inStore(
                    portsStep, undo: .run { try await releasePorts(steps, $0) },
                    StoreWork(commit: { context, db in
                        let change = try bindPorts(steps, context, db)
                        return { compute.network.tell(change) }
                    })),
                steps.observed(
                    guestStep, undo: .run { try await withdraw(steps, $0) },
                    isReached: { seen, _, _ in seen.power == .running },
                    commit: { context, db in
                        let (id, now) = (try context.serverID(), context.now)
                        let host = try OperationStart.settle(id, in: .active, now: now, db) {
                            $0.launchedAt = now
                        }?.hostID
                        try ServerQueries.forgetPassword(of: id, db)
                        return { if let host { compute.capacity.countBuild(on: host, at: now) } }
                    }),
            ],
            unwound: { context, why in try unwound(steps, context, why) })
    }

    private static func bindPorts(
        _ steps: ServerSteps, _ context: StepContext, _ db: any Connection
    ) throws -> NetworkChange {
        var (server, request, place) = try steps.placed(context, db)
        let isAdmin = try context.input(BuildInput.self).byAdministrator ?? false
        let change = try bindPorts(
            of: &server, request, on: place, by: .workflow(context.record, asAdministrator: isAdmin),
            in: steps.compute.network, db)
        try db.update(server)
        return change
    }

    /// The ports, the document and what the server's list row shows of its addresses. Writes all but that row. Returns
    /// what is to be told.
    private static func bindPorts(
        of server: inout Server, _ request: ServerRequest, on place: HostPlace, by caller: Caller,
        in network: NetworkCalls, _ db: any Connection
    ) throws -> NetworkChange {
        let (attachments, change) = try network.bind(server, request, to: place, by: caller, db)
        let shown = try ShownPorts(attachments)
        server.phase = Phase.spawning.rawValue
        server.addresses = shown.json
        server.securityGroups = shown.groups
        var document = try document(of: server, request, for: caller.requestID)
        document.nics = attachments.map(GuestNIC.init)
        try HostDocuments.begin(document, on: place.id, db)
        return change
    }

    /// The transaction cannot be kept: a server that was about to be written cannot have the ports that it wants.
    struct NoPorts: Error {
        var cause: any Error
    }

    /// The same for a server that is about to be written, in whose workflow that step is done then.
    static func bindPorts(
        of server: inout Server, _ request: ServerRequest, on place: HostPlace, _ workflow: inout WorkflowRecord,
        by caller: Caller, in network: NetworkCalls, _ db: any Connection
    ) throws -> NetworkChange {
        do {
            let change = try bindPorts(of: &server, request, on: place, by: caller, in: network, db)
            workflow.step = guestStep
            return change
        } catch {
            throw NoPorts(cause: error)
        }
    }

    /// Without its NICs.
    static func document(
        of server: Server, _ request: ServerRequest, for requestID: String
    ) throws -> DesiredServer {
        let flavor = try server.flavor.value()
        return DesiredServer(
            serverID: server.id, epoch: 0, presence: .present, power: .running,
            hardware: GuestHardware(
                name: server.name, vcpus: flavor.vcpus, memoryMiB: flavor.ram,
                imageProperties: try server.imageProperties.value(), extraSpecs: flavor.extraSpecs),
            disks: try server.disks(of: request), nics: [], requestID: requestID)
    }

    private static func withdraw(_ steps: ServerSteps, _ context: StepContext) async throws -> StepCommit {
        let now = steps.compute.clock.now()
        let server = try await steps.server(context)
        if let host = server.hostID { steps.compute.capacity.countFailedBuild(on: host, at: now) }
        let id = server.id
        let request = context.record.requestID
        return { db in try HostDocuments.withdraw(id, for: request, now: now, db) }
    }

    /// By now the document is withdrawn, so the host is told to look.
    private static func releasePorts(_ steps: ServerSteps, _ context: StepContext) async throws -> StepCommit {
        let compute = steps.compute
        let server = try await steps.server(context)
        if let host = server.hostID { compute.bells.host(host) }
        let nics = try await compute.database.read { try steps.request(server.id, $0) }.nics.value()
        try await compute.network.release(server.id, given: nics)
        return { _ in }
    }

    /// What could not be built holds nothing: the claim goes back, and the host takes away what it had begun. Then
    /// another host may try, three in all, as in Nova.
    private static func unwound(_ steps: ServerSteps, _ context: StepContext, _ why: String) throws -> UnwindingEnd {
        let compute = steps.compute
        let id = try context.serverID()
        let input = try context.input(BuildInput.self)
        let before = (context.outputs[triedOutput] ?? "").split(separator: ",").map { HostID(String($0)) }
        let now = compute.clock.now()
        let hosts = compute.capacity.all
        return { db in
            for placement in try ServerPlacementQueries.all(of: id, db) {
                try ServerPlacementQueries.giveBack(placement, db)
            }
            guard var server = try db.find(Server.self, key: .id(id)) else { return .failed }
            server.addresses = "{}"
            server.securityGroups = "[]"
            let tried = before + [server.hostID].compactMap { $0 }
            let mayMove = !input.isBoundToHost && context.failedStep == guestStep && tried.count < maximumAttempts
            let next = mayMove ? try place(server, among: hosts, without: Set(tried), now, db) : nil
            if case .on(let host)? = next {
                try ServerPlacementQueries.begin(id, on: host.id, as: .current, claimedBy: id.text, db)
                server.hostID = host.id
                server.availabilityZone = host.availabilityZone
                server.phase = Phase.networking.rawValue
                try db.update(server)
                return .again(outputs: [triedOutput: tried.map(\.text).joined(separator: ",")])
            }
            try db.update(server)
            try ServerQueries.forgetPassword(of: id, db)
            let fault = try JSONText(fault(why, tried: tried.count, next, now))
            try OperationStart.settle(id, in: .error, now: now, db) { $0.fault = fault }
            return .failed
        }
    }

    /// What the server was created with holds for another host as well.
    private static func place(
        _ server: Server, among hosts: [HostState], without tried: Set<HostID>, _ now: Timestamp,
        _ db: any Connection
    ) throws -> Placing.Outcome {
        var placing = Placing(
            try SchedulingRequest(of: server, db), try SchedulerHints(server.hints), among: hosts, excluded: tried,
            now: now)
        return try placing.place(server, in: ServerGroupQueries.group(of: server.id, db), db)
    }

    /// Why the last host failed, and why there is no other.
    private static func fault(_ why: String, tried: Int, _ next: Placing.Outcome?, _ now: Timestamp) -> ServerFault {
        var fault = ServerFault(code: 500, created: now.iso8601(), message: why)
        if tried > 1 { fault.message += " (the last of \(tried) hosts that were tried)" }
        if case .refused(let refusal)? = next, refusal.considered > 0 {
            fault.message += " No other host would do. \(refusal.summary)"
            fault.details = refusal.details
        }
        return fault
    }
}

/// What a build is told beside the server's row.
struct BuildInput: Codable, Sendable {
    /// The user named the host: no other will do.
    var isBoundToHost: Bool
    /// Who asked may use what the server's project may not; `nil` in rows of earlier releases.
    var byAdministrator: Bool?
}
