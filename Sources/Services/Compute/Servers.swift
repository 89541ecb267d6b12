import HostProtocol
package import Model
import Networking
import Store

extension ComputeService {
    /// Up to `limit` servers after the marker, newest first.
    package func servers(
        _ filter: ServerFilterRequest, marker: ServerID?, limit: Int, by caller: Caller
    ) async throws -> [Server] {
        var sql = ServerFilter()
        sql.project = filter.allProjects ? filter.project : try caller.project()
        sql.includeDeleted = filter.changedSince != nil
        sql.onlyDeleted = filter.deleted
        sql.changedSince = filter.changedSince
        sql.changedBefore = filter.changedBefore
        for (field, value) in filter.equal { sql.equal.append((column(field), value)) }
        let keep = filter.keep
        let query = sql
        return try await database.read { db in
            var after: Server?
            if let marker {
                guard let found = try db.find(Server.self, key: .id(marker)), caller.owns(found.projectID) else {
                    throw CloudError.badRequest("marker [\(marker)] not found")
                }
                after = found
            }
            return try ServerQueries.list(query, after: after, limit: limit, keep: keep, db)
        }
    }

    private func column(_ field: ServerFilterRequest.Field) -> ServerFilter.Column {
        switch field {
        case .user: .user
        case .host: .host
        case .flavor: .flavor
        case .image: .image
        case .key: .key
        case .zone: .zone
        case .reservation: .reservation
        case .id: .id
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

    /// The host's name of a server, for administrators.
    package func hostname(of server: Server) -> String? {
        server.hostID.flatMap { id in capacity.all.first { $0.id == id }?.hostname }
    }

    /// The same for a server that may be deleted.
    package func hostname(ofAny id: ServerID) async throws -> String? {
        try await database.read { try $0.find(Server.self, key: .id(id)) }.flatMap(hostname)
    }

    package func attachments(of id: ServerID, by caller: Caller) async throws -> [ServerInterface] {
        let server = try await server(id, by: caller)
        return try await network.attachments(of: id, in: server.projectID).map(ServerInterface.init)
    }

    package func actions(of id: ServerID, by caller: Caller) async throws -> [WorkflowRecord] {
        try await database.read { db in
            guard let server = try db.find(Server.self, key: .id(id)), caller.owns(server.projectID) else {
                throw CloudError(.notFound, "Instance \(id) could not be found.")
            }
            return try WorkflowQueries.ofServer(id, db)
        }
    }

    /// Brings the addresses and groups shown in a server's row up to date with Network.
    package func refreshAddresses(of devices: [String]) async throws {
        for device in devices {
            let id = ServerID(device)
            guard let found = try await database.read({ try ServerQueries.live(id, $0) }) else { continue }
            let shown = try ServerAddresses(try await network.attachments(of: id, in: found.projectID))
            try await database.transaction { db in
                guard var server = try ServerQueries.live(id, db) else { return }
                server.addresses = shown.json
                server.securityGroups = shown.groups
                try db.update(server)
            }
        }
    }
}

/// A port of a server as `os-interface` shows it.
package struct ServerInterface: Sendable {
    package var port: Port

    init(_ attachment: PortAttachment) {
        port = attachment.port
    }
}

/// Which servers a caller wants listed.
package struct ServerFilterRequest: Sendable {
    package enum Field: Sendable { case user, host, flavor, image, key, zone, reservation, id }

    package var allProjects = false
    package var project: ProjectID?
    package var deleted = false
    package var changedSince: Timestamp?
    package var changedBefore: Timestamp?
    package var equal: [(field: Field, value: String)] = []
    /// For what SQL cannot judge: names by pattern, states.
    package var keep: @Sendable (Server) -> Bool = { _ in true }

    package init() {}
}
