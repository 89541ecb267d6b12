import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/os-migrations`, and `/servers/{id}/migrations`, which has live migrations under way and nothing else.
struct MigrationListsAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        let newest = VersionRange.compute.maximum
        return [
            Route(.get, "/os-migrations", .manager, handler: list),
            Route(
                .get, "/servers/{server_id}/migrations", .manager, versions: Microversion(2, 23)...newest
            ) { request in
                _ = try await compute.server(request.id("server_id"), by: request.caller)
                return .json { $0.array("migrations") { _ in } }
            },
            Route(
                .get, "/servers/{server_id}/migrations/{id}", .admin, versions: Microversion(2, 23)...newest,
                handler: show),
            Route(
                .delete, "/servers/{server_id}/migrations/{id}", .manager, versions: Microversion(2, 24)...newest
            ) { try await refuse("abort live migration", $0) },
            Route(
                .post, "/servers/{server_id}/migrations/{id}/action", .manager, versions: Microversion(2, 22)...newest
            ) { request in
                var fields = try Fields(try await request.json())
                try fields.require("force_complete")
                if let value = fields.value("force_complete"), value != .null {
                    throw fields.invalid("force_complete", value, "It must be null.")
                }
                try fields.finish()
                return try await refuse("force_complete", request)
            },
        ]
    }

    /// No server of this cloud migrates live, so none is in the state that it takes.
    private func refuse(_ verb: String, _ request: APIRequest) async throws -> APIResponse {
        let server = try await compute.server(request.id("server_id"), by: request.caller)
        throw CloudError(
            .conflict,
            "Cannot '\(verb)' instance \(server.id) while it is in task_state \(server.state.taskState ?? "None")")
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let server = try await compute.server(request.id("server_id"), by: request.caller)
        let id = request.parameter("id")
        guard
            try await compute.migrations(MigrationFilter(serverID: server.id)).contains(where: {
                "\($0.migration.id)" == id
            })
        else {
            throw CloudError(.notFound, "Migration \(id.prefix(80)) not found for instance \(server.id)")
        }
        throw CloudError(.notFound, "Migration \(id) for server \(server.id) is not live-migration.")
    }

    private static let members: [Field<FieldWriter<ShownMigration>>] = [
        Field { $1.field("id", $0.migration.id) },
        Field(since: 59) { $1.field("uuid", $0.migration.uuid) },
        Field { $1.field("status", $0.migration.status.rawValue) },
        Field { $1.field("instance_uuid", $0.migration.serverID) },
        Field { $1.field("source_compute", $0.source) },
        Field { $1.field("source_node", $0.source) },
        Field { $1.field("dest_compute", $0.target) },
        Field { $1.field("dest_node", $0.target) },
        // An address, which Nova tells of the target of a live migration.
        Field { $1.null("dest_host") },
        Field { $1.field("old_instance_type_id", Int($0.migration.oldFlavorID.text)) },
        Field { $1.field("new_instance_type_id", Int($0.migration.newFlavorID.text)) },
        Field { $1.field("created_at", $0.migration.createdAt, .microsecondsWithoutZone) },
        Field { $1.field("updated_at", $0.migration.updatedAt, .microsecondsWithoutZone) },
        Field(since: 23) { $1.field("migration_type", $0.migration.kind.rawValue) },
        Field(since: 80) { $1.field("user_id", $0.migration.userID) },
        Field(since: 80) { $1.field("project_id", $0.project) },
    ]

    /// Those of all projects are an administrator's to see, and so are hosts.
    private func list(_ request: APIRequest) async throws -> APIResponse {
        if !request.caller.isAdmin {
            guard let project = request.query("project_id"), request.caller.scope == .project(ProjectID(project)) else {
                throw CloudError(
                    .forbidden, "Policy doesn't allow os_compute_api:os-migrations:index:all_projects to be performed.")
            }
        }
        let pages = request.version >= Microversion(2, 59)
        let page = try Page(request)
        let filter = try filter(request, page, pages)
        let found = try await compute.migrations(filter)
        let plan = FieldPlan(Self.members, at: request.version)
        return .json { writer in
            writer.array("migrations") { writer in
                for migration in found { plan.write(shown(migration, to: request), to: &writer) }
            }
            if pages {
                page.writeNext(
                    "migrations_links", last: found.last?.migration.uuid.text, count: found.count, request, to: &writer)
            }
        }
    }

    private func filter(_ request: APIRequest, _ page: Page, _ pages: Bool) throws -> MigrationFilter {
        var filter = MigrationFilter()
        filter.serverID = request.query("instance_uuid").map { ServerID($0) }
        filter.status = request.query("status")
        filter.kind = request.query("migration_type")
        filter.host = request.query("host")
        filter.sourceHost = request.query("source_compute")
        guard pages else { return filter }
        (filter.since, filter.limit) = (try request.time("changes-since"), page.limit)
        filter.marker = page.marker.map { MigrationID($0) }
        if request.version >= Microversion(2, 66) { filter.before = try request.time("changes-before") }
        if let since = filter.since, let before = filter.before, before < since {
            throw CloudError.badRequest("The value of changes-since must be less than or equal to changes-before.")
        }
        if request.version >= Microversion(2, 80) {
            filter.userID = request.query("user_id").map { UserID($0) }
            filter.projectID = request.query("project_id").map { ProjectID($0) }
        }
        return filter
    }

    private func shown(_ listed: ListedMigration, to request: APIRequest) -> ShownMigration {
        let (migration, seesHosts) = (listed.migration, request.caller.isAdmin)
        return ShownMigration(
            migration: migration, project: listed.projectID,
            source: seesHosts ? compute.capacity[migration.sourceHostID]?.hostname : nil,
            target: seesHosts ? compute.capacity[migration.targetHostID]?.hostname : nil)
    }
}

/// A migration with what the caller may know of its hosts.
private struct ShownMigration {
    var migration: ServerMigration
    var project: ProjectID
    var source: String?
    var target: String?
}
