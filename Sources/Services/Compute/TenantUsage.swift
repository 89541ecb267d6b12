package import Model
import Store

/// What one server was, for how long, within a period.
package struct ServerUsage: Sendable {
    package let server: Server
    package let flavor: FlavorSnapshot
    package let launchedAt: Timestamp
    /// Within the period.
    package let hours: Double
    /// Since it was launched, whole seconds.
    package let uptime: Int

    /// `nil` for a server that has never run.
    init?(_ server: Server, from start: Timestamp, to stop: Timestamp, now: Timestamp) throws {
        guard let launchedAt = server.launchedAt else { return nil }
        self.server = server
        self.launchedAt = launchedAt
        flavor = try server.flavor.value()
        let end = min(stop, server.terminatedAt ?? stop)
        hours = max(0, end.seconds(since: max(launchedAt, start))) / 3600
        uptime = max(0, Int((server.terminatedAt ?? now).seconds(since: launchedAt)))
    }

    package var localGiB: Int { flavor.disk + flavor.ephemeral }
    package var state: String { server.terminatedAt == nil ? server.state.vmState : "terminated" }
}

extension ComputeService {
    /// Servers that ran within a period, by project and id: those of one project, or of all.
    package func usages(
        from start: Timestamp, to stop: Timestamp, of project: ProjectID?, marker: ServerID?, limit: Int,
        by caller: Caller
    ) async throws -> [ServerUsage] {
        let now = clock.now()
        return try await database.read { db in
            let last = try marker.map { try Self.usageMarker($0, by: caller, db) }
            return try ServerQueries.running(
                from: start, to: stop, of: project, after: last.map { ($0.projectID, $0.id) }, limit: limit, db
            ).compactMap { try ServerUsage($0, from: start, to: stop, now: now) }
        }
    }

    private static func usageMarker(_ id: ServerID, by caller: Caller, _ db: any Connection) throws -> Server {
        guard let found = try db.find(Server.self, key: .id(id)), caller.owns(found.projectID) else {
            throw CloudError.badRequest("Marker \(id) could not be found.")
        }
        return found
    }
}
