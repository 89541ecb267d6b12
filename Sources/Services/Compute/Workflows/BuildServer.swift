import Foundation
import HostProtocol
import Logging
import Model
import Networking
import Store
import Workflow

/// Ports, then the document, then the guest that answers it.
enum BuildServer {
    static func definition(_ steps: ServerSteps) -> WorkflowDefinition {
        let compute = steps.compute
        return WorkflowDefinition(
            kind: "build-server", deadlineSeconds: ServerOperation.build.rule.deadlineSeconds,
            steps: [
                Step("ports", undo: .run { try await releasePorts(steps, $0) }) { context in
                    try await bindPorts(steps, context)
                },
                steps.observed(
                    "guest", undo: .run { try withdraw($0) },
                    isReached: { server, _ in server.observedPower == "running" },
                    commit: { server, _ in
                        let now = compute.clock.now()
                        return { db in
                            try OperationStart.settle(server.id, in: .active, now: now, db) { $0.launchedAt = now }
                            try ServerQueries.forgetPassword(of: server.id, db)
                        }
                    }),
            ],
            unwound: { context, why in try unwound(steps, context, why) })
    }

    /// The ports, and in the same commit the document and what the server's list row shows of its addresses.
    private static func bindPorts(_ steps: ServerSteps, _ context: StepContext) async throws -> StepOutcome {
        let compute = steps.compute
        let server = try await steps.server(context)
        let request = try await steps.request(server.id)
        guard let hostID = server.hostID,
            let host = try await compute.database.read({ try $0.find(Model.Host.self, key: .id(hostID)) })
        else { throw CloudError(.internal, "The server has no host.") }
        let attachments = try await compute.network.bind(server, request, to: host, by: .workflow(context.record))
        let image = try JSONDecoder().decode(ImageReference.self, from: Data(request.image.utf8))
        let flavor = try server.flavor.value()
        let document = DesiredServer(
            serverID: server.id, epoch: 0, presence: .present, power: .running,
            hardware: GuestHardware(
                name: server.name, vcpus: flavor.vcpus, memoryMiB: flavor.ram,
                imageProperties: try server.imageProperties.value(), extraSpecs: flavor.extraSpecs),
            disks: GuestDisks(
                image: image, rootGiB: flavor.disk, ephemeralGiB: flavor.ephemeral > 0 ? [flavor.ephemeral] : [],
                swapMiB: flavor.swap, configDrive: server.configDrive),
            nics: attachments.map {
                GuestNIC(
                    portID: $0.port.id, networkID: $0.network.id, macAddress: $0.port.macAddress, mtu: $0.network.mtu)
            })
        let shown = try ServerAddresses(attachments)
        let id = server.id
        return .done { db in
            guard var row = try db.find(Server.self, key: .id(id)) else { return }
            row.epoch += 1
            row.phase = 2
            row.addresses = shown.json
            row.securityGroups = shown.groups
            row.hostFailure = nil
            try db.update(row)
            var desired = document
            desired.epoch = row.epoch
            try HostDocuments.put(desired, on: hostID, db)
        }
    }

    private static func withdraw(_ context: StepContext) throws -> StepCommit {
        let id = try context.serverID()
        return { db in try HostDocuments.withdraw(id, db) }
    }

    /// By now the document is withdrawn, so the host is told to look.
    private static func releasePorts(_ steps: ServerSteps, _ context: StepContext) async throws -> StepCommit {
        let server = try await steps.server(context)
        if let host = server.hostID { steps.compute.bells.host(host) }
        let nics = try await steps.request(server.id).nics.value()
        try await steps.compute.network.release(server.id, given: nics)
        return { _ in }
    }

    /// What could not be built holds nothing: the claim goes back, and the host takes away what it had begun.
    private static func unwound(_ steps: ServerSteps, _ context: StepContext, _ why: String) throws -> StepCommit {
        let failed = try steps.failed(context, why)
        let id = try context.serverID()
        let compute = steps.compute
        return { db in
            try failed(db)
            let held = try PlacementQueries.release(id.text, db)
            compute.logger.debug("a failed build gave back its claim", metadata: ["parts": "\(held.count)"])
            guard var server = try db.find(Server.self, key: .id(id)) else { return }
            server.addresses = "{}"
            server.securityGroups = "[]"
            try db.update(server)
        }
    }
}
