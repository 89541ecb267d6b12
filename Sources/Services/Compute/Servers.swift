import HostProtocol
package import Model
import Networking
import Store

extension ComputeService {
    /// Up to `limit` servers after the marker; those of the caller's own project unless `allProjects`.
    package func servers(
        _ filter: ServerFilter, allProjects: Bool, marker: ServerID?, limit: Int, by caller: Caller
    ) async throws -> [Server] {
        var wanted = filter
        if !allProjects { wanted.project = try caller.project() }
        let query = wanted
        return try await database.read { db in
            if let marker {
                guard let found = try db.find(Server.self, key: .id(marker)), caller.owns(found.projectID) else {
                    throw CloudError.badRequest("marker [\(marker)] not found")
                }
            }
            return try ServerQueries.list(query, after: marker, limit: limit, db)
        }
    }

    /// Changes what a user may change of a server at any time.
    package func update(
        _ id: ServerID, by caller: Caller, _ change: @escaping @Sendable (inout Server) throws -> Void
    ) async throws -> Server {
        let now = clock.now()
        return try await database.transaction { db in
            var server = try visible(id, by: caller, db)
            if server.isLocked, !caller.isAdmin { throw CloudError(.conflict, "Instance \(id) is locked") }
            try change(&server)
            server.updatedAt = now
            try db.update(server)
            return server
        }
    }

    /// User data of servers as it was given, base64; for administrators.
    package func userData(of servers: [Server]) async throws -> [ServerID: String] {
        let ids = servers.map(\.id)
        return try await database.read { try ServerQueries.userData(of: ids, $0) }
    }

    /// The host of a server as the scheduler knows it.
    package func host(of server: Server) -> HostState? {
        server.hostID.flatMap { id in capacity[id] }
    }

    /// The host's name of a server that may be deleted, for administrators.
    package func hostname(ofAny id: ServerID) async throws -> String? {
        try await database.read { try $0.find(Server.self, key: .id(id)) }.flatMap { host(of: $0)?.hostname }
    }

    package func actions(of id: ServerID, by caller: Caller) async throws -> [WorkflowRecord] {
        try await database.read { db in
            guard let server = try db.find(Server.self, key: .id(id)), caller.owns(server.projectID) else {
                throw CloudError(.notFound, "Instance \(id) could not be found.")
            }
            return try WorkflowQueries.ofServer(id, db)
        }
    }
}
