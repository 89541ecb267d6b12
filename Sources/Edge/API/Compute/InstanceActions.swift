import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/os-instance-actions`.
struct InstanceActionsAPI: Sendable {
    private struct Shown: Sendable {
        var action: WorkflowRecord
        var host = ""
        var hostDigest = ""
        var traceback: String?
    }

    let compute: ComputeService

    private static let summary: [Field<FieldWriter<Shown>>] = [
        Field { $1.field("action", $0.action.action) },
        Field { $1.field("instance_uuid", $0.action.serverID) },
        Field { $1.field("request_id", $0.action.requestID) },
        Field { $1.field("user_id", $0.action.isAsked ? $0.action.userID : nil) },
        Field { $1.field("project_id", $0.action.projectID) },
        Field { $1.field("start_time", $0.action.createdAt.iso8601(.microsecondsWithoutZone)) },
        Field { $1.field("message", $0.action.message) },
        Field(since: 58) { $1.field("updated_at", $0.action.updatedAt.iso8601(.microsecondsWithoutZone)) },
    ]

    private static let event: [Field<FieldWriter<Shown>>] = [
        Field { $1.field("event", "compute_\($0.action.kind)") },
        Field { $1.field("start_time", $0.action.createdAt.iso8601(.microsecondsWithoutZone)) },
        Field { $1.field("finish_time", $0.action.finishedAt?.iso8601(.microsecondsWithoutZone)) },
        Field { $1.field("result", $0.action.outcome?.rawValue) },
        Field(adminOnly: true) { $1.field("traceback", $0.traceback) },
        Field(since: 62) { $1.field("hostId", $0.hostDigest) },
        Field(since: 62, adminOnly: true) { $1.field("host", $0.host) },
        Field(since: 84) { $1.field("details", $0.action.failure) },
    ]

    var routes: [Route] {
        [
            Route(.get, "/servers/{id}/os-instance-actions", .reader, handler: list),
            Route(.get, "/servers/{id}/os-instance-actions/{request}", .reader, handler: show),
        ]
    }

    /// Newest first; those of deleted servers from 2.21.
    private func actions(_ request: APIRequest) async throws -> [WorkflowRecord] {
        if request.version < Microversion(2, 21) { _ = try await compute.server(request.id(), by: request.caller) }
        return try await compute.actions(of: request.id(), by: request.caller)
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let all = try await actions(request)
        guard request.version >= Microversion(2, 58) else {
            return .json { writer in write(all, request, to: &writer) }
        }
        let page = try Page(request)
        var found = try Self.changed(all, request)
        if let marker = page.marker {
            guard let at = found.firstIndex(where: { $0.requestID == marker }) else {
                throw CloudError.badRequest("marker [\(marker)] not found")
            }
            found.removeFirst(at + 1)
        }
        let shown = Array(found.prefix(page.limit))
        let isCut = shown.count < found.count
        return .json { writer in
            write(shown, request, to: &writer)
            if isCut { page.writeNext("links", last: shown.last?.requestID, count: shown.count, request, to: &writer) }
        }
    }

    private static func changed(_ actions: [WorkflowRecord], _ request: APIRequest) throws -> [WorkflowRecord] {
        let since = try request.time("changes-since")
        let before = try request.time("changes-before")
        if let since, let before, since > before {
            throw CloudError.badRequest("The value of changes-since must be less than or equal to changes-before.")
        }
        return actions.filter { action in
            since.map { action.updatedAt >= $0 } ?? true && before.map { action.updatedAt <= $0 } ?? true
        }
    }

    private func write(_ actions: [WorkflowRecord], _ request: APIRequest, to writer: inout JSONWriter) {
        let plan = FieldPlan(Self.summary, at: request.version)
        writer.array("instanceActions") { writer in
            for action in actions { plan.write(Shown(action: action), to: &writer) }
        }
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let wanted = request.parameter("request")
        guard let action = try await actions(request).first(where: { $0.requestID == wanted }) else {
            throw CloudError(
                .notFound, "Action for request_id \(wanted) on instance \(request.parameter("id")) not found")
        }
        let host = try await compute.hostname(ofAny: request.id()) ?? ""
        let project = try await compute.project(ofAny: request.id())
        let digest = host.isEmpty ? "" : try compute.hostDigests.digest(of: host, for: project.text)
        let shown = Shown(
            action: action, host: host, hostDigest: digest,
            traceback: try action.outputs.value()[WorkflowRecord.detailsOutput])
        let (isAdmin, version) = (request.caller.isAdmin, request.version)
        return .json { writer in
            writer.object("instanceAction") { writer in
                FieldPlan(Self.summary, at: version).writeMembers(of: shown, to: &writer)
                // Others than administrators see events from 2.51.
                guard isAdmin || version >= Microversion(2, 51) else { return }
                writer.array("events") { FieldPlan(Self.event, at: version, admin: isAdmin).write(shown, to: &$0) }
            }
        }
    }
}

extension WorkflowRecord {
    /// Whether a user asked for it, rather than the cloud.
    fileprivate var isAsked: Bool { !userID.text.isEmpty }
    fileprivate var message: String? { outcome == .failed || !isAsked ? failure ?? "Error" : nil }
}
