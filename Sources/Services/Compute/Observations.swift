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
            try observations.compactMap { try Self.observe($0, now: now, db) }
        }
        for seen in observations { trace(seen) }
        for wake in woken {
            switch wake {
            case .workflow(let id): bells.workflows.signal(id)
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
        case workflow(WorkflowID)
        case host(HostID)
    }

    private static func observe(
        _ seen: ServerObservation, now: Timestamp, _ db: any Connection
    ) throws -> Woken? {
        if seen.power == .absent {
            try HostQueries.settleAbsence(of: seen.serverID, on: seen.hostID, epoch: seen.epoch, db)
        }
        guard var server = try db.find(Server.self, key: .id(seen.serverID)), server.hostID == seen.hostID,
            seen.epoch >= server.epoch, server.settled != .deleted
        else { return nil }
        server.observedEpoch = seen.epoch
        server.observedPower = seen.power.rawValue
        server.power = seen.power.number
        server.hostFailure = try seen.failure.map { try JSONText($0).raw }
        server.completedCommand = seen.completedCommand
        guard server.operation == nil else {
            try db.update(server)
            guard let workflow = server.workflowID else { return nil }
            try WorkflowQueries.signal(workflow, now: now, db)
            return .workflow(workflow)
        }
        return try settleQuietly(&server, seen, now: now, db)
    }

    /// With no operation under way, a guest that powered itself off is stopped and stays so; one that runs is active.
    private static func settleQuietly(
        _ server: inout Server, _ seen: ServerObservation, now: Timestamp, _ db: any Connection
    ) throws -> Woken? {
        switch (server.settled, seen.power) {
        case (.active, .shutdown), (.active, .crashed):
            server.settled = .stopped
            server.updatedAt = now
            try db.update(server)
            try HostDocuments.change(of: server.id, for: nil, db) { $0.power = .stopped }
            return .host(seen.hostID)
        case (.stopped, .running):
            server.settled = .active
            server.updatedAt = now
            try db.update(server)
            try HostDocuments.change(of: server.id, for: nil, db) { $0.power = .running }
            return .host(seen.hostID)
        default:
            try db.update(server)
            return nil
        }
    }
}

extension ServerObservation.Power {
    /// Nova's power states (compute/power_state.py).
    var number: Int {
        switch self {
        case .absent, .unknown: 0
        case .running: 1
        case .paused: 3
        case .shutdown: 4
        case .crashed: 6
        }
    }
}
