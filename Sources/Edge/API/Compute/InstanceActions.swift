import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/os-instance-actions`.
struct InstanceActionsAPI: Sendable {
    let compute: ComputeService

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
        let before = request.version >= Microversion(2, 66) ? try request.time("changes-before") : nil
        if let since, let before, since > before {
            throw CloudError.badRequest("The value of changes-since must be less than or equal to changes-before.")
        }
        return actions.filter { action in
            since.map { action.updatedAt >= $0 } ?? true && before.map { action.updatedAt <= $0 } ?? true
        }
    }

    private func write(_ actions: [WorkflowRecord], _ request: APIRequest, to writer: inout JSONWriter) {
        writer.array("instanceActions") { writer in
            for action in actions { writer.object { write(action, request, to: &$0) } }
        }
    }

    private func write(_ action: WorkflowRecord, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.field("action", action.action)
        writer.field("instance_uuid", action.serverID)
        writer.field("request_id", action.requestID)
        let isAsked = !action.userID.text.isEmpty
        writer.field("user_id", isAsked ? action.userID : nil)
        writer.field("project_id", action.projectID)
        writer.field("start_time", action.createdAt.iso8601(.microsecondsWithoutZone))
        writer.field("message", action.outcome == .failed || !isAsked ? action.failure ?? "Error" : nil)
        if request.version >= Microversion(2, 58) {
            writer.field("updated_at", action.updatedAt.iso8601(.microsecondsWithoutZone))
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
        let traceback = try action.outputs.value()[WorkflowRecord.detailsOutput]
        let (isAdmin, version) = (request.caller.isAdmin, request.version)
        return .json { writer in
            writer.object("instanceAction") { writer in
                write(action, request, to: &writer)
                guard isAdmin || version >= Microversion(2, 51) else { return }
                writer.array("events") { writer in
                    writer.object { event in
                        event.field("event", "compute_\(action.kind)")
                        event.field("start_time", action.createdAt.iso8601(.microsecondsWithoutZone))
                        event.field("finish_time", action.finishedAt?.iso8601(.microsecondsWithoutZone))
                        event.field("result", action.outcome?.rawValue)
                        if isAdmin { event.field("traceback", traceback) }
                        if version >= Microversion(2, 62) { event.field("hostId", digest) }
                        if version >= Microversion(2, 62), isAdmin { event.field("host", host) }
                        if version >= Microversion(2, 84) { event.field("details", action.failure) }
                    }
                }
            }
        }
    }
}
