import HostProtocol
package import Model
import Networking
import Store

extension ComputeService {
    /// Up to `limit` servers after the marker; those of the caller's own project unless `allProjects`.
    package func servers(
        _ filter: ServerFilter, allProjects: Bool, marker: ServerID?, limit: Int, by caller: Caller
    ) async throws -> [Server] {
        let query = try Self.scoped(filter, allProjects, caller)
        return try await database.read { db in
            try Self.check(marker, by: caller, db)
            return try ServerQueries.list(query, after: marker, limit: limit, db)
        }
    }

    private static func scoped(_ filter: ServerFilter, _ allProjects: Bool, _ caller: Caller) throws -> ServerFilter {
        var wanted = filter
        if !allProjects { wanted.project = try caller.project() }
        return wanted
    }

    private static func check(_ marker: ServerID?, by caller: Caller, _ db: any Connection) throws {
        guard let marker else { return }
        guard let found = try db.find(Server.self, key: .id(marker)), caller.owns(found.projectID) else {
            throw CloudError.badRequest("marker [\(marker)] not found")
        }
    }

    /// The same servers, row by row, for an answer that is written straight from the store.
    package func write<Result: Sendable>(
        _ filter: ServerFilter, allProjects: Bool, marker: ServerID?, limit: Int, _ columns: [ServerColumn],
        by caller: Caller,
        _ body:
            @escaping @Sendable (
                (_ each: (ServerRow) throws -> Void) throws -> (count: Int, last: String?)
            ) throws -> Result
    ) async throws -> Result {
        let query = try Self.scoped(filter, allProjects, caller)
        return try await database.read { db in
            try Self.check(marker, by: caller, db)
            return try body { each in
                try ServerQueries.forEach(query, after: marker, limit: limit, columns, db, each)
            }
        }
    }

    /// One server that the caller sees.
    package func write<Result: Sendable>(
        _ id: ServerID, _ columns: [ServerColumn], by caller: Caller,
        _ body: @escaping @Sendable (_ each: (_ body: (ServerRow) throws -> Void) throws -> Void) throws -> Result
    ) async throws -> Result {
        try await database.read { db in
            _ = try visible(id, by: caller, db)
            return try body { try ServerQueries.row(id, columns, db, $0) }
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
