import Foundation
package import HostProtocol
import Logging
import Model
import Store
import Workflow

/// What hosts say of servers, turned into state.
extension ComputeService {
    /// Keeps what was seen, wakes the operation that waits for it, and settles what changed by itself.
    package func observe(_ observations: [ServerObservation]) async throws {
        let now = clock.now()
        let woken = try await database.transaction { db in
            try observations.compactMap { try observe($0, now: now, db) }
        }
        for seen in observations { trace(seen) }
        for wake in woken {
            switch wake {
            case .workflow(let carried): bells.workflows.happened(carried)
            case .host(let id): bells.host(id)
            }
        }
    }

    private func trace(_ seen: ServerObservation) {
        guard let request = seen.requestID else { return }
        logger.info(
            "a host has answered",
            metadata: [
                "request": "\(request)", "server": "\(seen.serverID)", "host": "\(seen.hostID)",
                "epoch": "\(seen.epoch)", "power": "\(seen.power.rawValue)",
                "failure": "\(seen.failure?.message ?? "")",
            ])
    }

    private enum Woken: Sendable {
        case workflow(CarriedWorkflow)
        case host(HostID)
    }

    private func observe(
        _ seen: ServerObservation, now: Timestamp, _ db: any Connection
    ) throws -> Woken? {
        for answer in seen.commands { try HostCommands.answered(answer, on: seen.hostID, now: now, db) }
        guard let placement = try ServerPlacementQueries.observed(seen.serverID, on: seen.hostID, db),
            seen.epoch >= placement.epoch
        else { return nil }
        let failure = try seen.failure.map { try JSONText($0).raw }
        let power = seen.power == .unknown ? placement.power : seen.power
        let moments = try seen.moments.map { (text: try JSONText($0).raw, begun: $0.begun) }
        try ServerPlacementQueries.observe(
            power, epoch: seen.epoch, failure: failure, moments: moments, of: seen.serverID, on: seen.hostID, db)
        if moments != nil || power == .absent { metadataAskers.forget(seen.serverID) }
        if seen.power == .absent { try ServerPlacementQueries.forgetSettled(seen.serverID, db) }
        if let workflow = try WorkflowQueries.recordUnderWay(on: seen.serverID, db) {
            return .workflow(try bells.workflows.carryOn(workflow, at: now, db))
        }
        // A host that could not do what it was told says nothing of what the guest wanted.
        guard placement.role == .current, seen.failure == nil,
            let server = try ServerQueries.live(seen.serverID, db), server.operation == nil
        else { return nil }
        return try Self.settleQuietly(server, seen, now: now, db)
    }

    /// With no operation under way the server rests where its guest is: one that powered itself off is stopped and
    /// stays so, one that runs is active.
    private static func settleQuietly(
        _ old: Server, _ seen: ServerObservation, now: Timestamp, _ db: any Connection
    ) throws -> Woken? {
        var server = old
        server.power = seen.power.number
        let isFollowed = DesiredPower.allCases.contains { $0.settled == server.settled }
        guard isFollowed, let power = DesiredPower(seen: seen.power), power.settled != server.settled else {
            if server.power != old.power { try db.update(server, from: old) }
            return nil
        }
        server.settled = power.settled
        server.updatedAt = now
        try db.update(server, from: old)
        try HostDocuments.change(of: server.id, for: nil, db) { $0.power = power }
        if let rule = OperationRule.leading(from: old.settled, to: power) {
            try note(rule, of: server, seen, now: now, db)
        }
        return .host(seen.hostID)
    }

    /// Writes an instance action that nobody has asked for, as Nova does when its periodic look at hosts finds a
    /// change.
    private static func note(
        _ rule: OperationRule, of server: Server, _ seen: ServerObservation, now: Timestamp, _ db: any Connection
    ) throws {
        var done = OperationStart.workflow(
            rule, on: server, input: "{}", by: UserID(""), requestID: "req-\(UUIDText.random())", now: now,
            Timestamp(microseconds: 0))
        done.failure = seen.end?.words ?? "It happened on the server's host."
        done.outcome = seen.end == .crashed ? .failed : .succeeded
        done.finishedAt = now
        try db.insert(done)
    }
}
