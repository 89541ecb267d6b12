package import Model
import Store

/// Which migrations are listed; what is `nil` tells none apart.
package struct MigrationFilter: Sendable {
    package var serverID: ServerID?
    package var status: String?
    package var kind: String?
    /// Names of hosts: the one that it comes from or goes to, and the one that it comes from.
    package var host: String?
    package var sourceHost: String?
    package var since: Timestamp?
    package var before: Timestamp?
    package var userID: UserID?
    package var projectID: ProjectID?
    /// The list goes on behind this one.
    package var marker: MigrationID?
    package var limit = 1000

    package init(serverID: ServerID? = nil) {
        self.serverID = serverID
    }
}

package struct ListedMigration: Sendable {
    package var migration: ServerMigration
    package var projectID: ProjectID
}

extension ComputeService {
    /// Newest first.
    package func migrations(_ filter: MigrationFilter) async throws -> [ListedMigration] {
        let hosts = capacity.all
        func id(_ name: String?) -> HostID? {
            // A name that no host has finds nothing.
            name.map { name in hosts.first { $0.hostname == name }?.id ?? HostID("none") }
        }
        let (host, source) = (id(filter.host), id(filter.sourceHost))
        return try await database.read { db in
            var marker: ServerMigration?
            if let wanted = filter.marker {
                marker = try db.find(ServerMigration.self, key: .id(wanted))
                guard marker != nil else {
                    throw CloudError.badRequest("Marker \(wanted.text.prefix(80)) could not be found.")
                }
            }
            let found = try MigrationQueries.list(
                MigrationQueries.Wish(
                    server: filter.serverID, status: filter.status, kind: filter.kind, host: host, source: source,
                    since: filter.since, before: filter.before, user: filter.userID, project: filter.projectID,
                    after: marker?.id, limit: filter.limit), db)
            let projects = try MigrationQueries.projects(db)
            return found.compactMap { migration in
                projects[migration.serverID].map { ListedMigration(migration: migration, projectID: $0) }
            }
        }
    }
}
