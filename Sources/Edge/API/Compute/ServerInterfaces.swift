import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/os-interface` and `/servers/{id}/os-instance-actions`.
struct ServerInterfacesAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/servers/{id}/os-interface", .reader) { request in
                let found = try await compute.attachments(of: request.id(), by: request.caller)
                return try .json { writer in
                    try writer.array("interfaceAttachments") { writer in
                        for interface in found { try write(interface.port, request, to: &writer) }
                    }
                }
            },
            Route(.get, "/servers/{id}/os-interface/{port}", .reader) { request in
                let found = try await compute.attachments(of: request.id(), by: request.caller)
                guard let one = found.first(where: { $0.port.id.text == request.parameter("port") }) else {
                    throw CloudError(
                        .notFound,
                        "Instance \(request.parameter("id")) does not have a port with id \(request.parameter("port"))")
                }
                return try .json { writer in
                    writer.key("interfaceAttachment")
                    try write(one.port, request, to: &writer)
                }
            },
            Route(.get, "/servers/{id}/os-instance-actions", .reader) { request in
                let actions = try await compute.actions(of: request.id(), by: request.caller)
                return .json { writer in
                    writer.array("instanceActions") { writer in
                        for action in actions { writer.object { write(action, request, to: &$0) } }
                    }
                }
            },
            Route(.get, "/servers/{id}/os-instance-actions/{request}", .reader, handler: showAction),
        ]
    }

    private func write(_ port: Port, _ request: APIRequest, to writer: inout JSONWriter) throws {
        let addresses = try port.fixedIPs.value()
        writer.object { writer in
            writer.field("port_id", port.id)
            writer.field("net_id", port.networkID)
            writer.field("mac_addr", port.macAddress)
            writer.field("port_state", port.status)
            writer.array("fixed_ips") { writer in
                for address in addresses {
                    writer.object {
                        $0.field("subnet_id", address.subnetID)
                        $0.field("ip_address", address.ipAddress)
                    }
                }
            }
            if request.version >= Microversion(2, 70) { writer.null("tag") }
        }
    }

    private func write(_ action: WorkflowRecord, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.field("action", action.action)
        writer.field("instance_uuid", action.serverID)
        writer.field("request_id", action.requestID)
        writer.field("user_id", action.userID)
        writer.field("project_id", action.projectID)
        writer.field("start_time", action.createdAt.iso8601(.microsecondsWithoutZone))
        writer.field("message", action.outcome == .failed ? action.failure ?? "Error" : nil)
        if request.version >= Microversion(2, 58) {
            writer.field("updated_at", action.updatedAt.iso8601(.microsecondsWithoutZone))
        }
    }

    private func showAction(_ request: APIRequest) async throws -> APIResponse {
        let wanted = request.parameter("request")
        let actions = try await compute.actions(of: request.id(), by: request.caller)
        guard let action = actions.first(where: { $0.requestID == wanted }) else {
            throw CloudError(
                .notFound, "Action for request_id \(wanted) on instance \(request.parameter("id")) not found")
        }
        let host = try await compute.hostname(ofAny: request.id()) ?? ""
        let traceback = try action.outputs.value()[WorkflowRecord.detailsOutput]
        let showsEvents = request.caller.isAdmin || request.version >= Microversion(2, 51)
        return .json { writer in
            writer.object("instanceAction") { writer in
                write(action, request, to: &writer)
                guard showsEvents else { return }
                writer.array("events") { writer in
                    writer.object { event in
                        event.field("event", "compute_\(action.kind)")
                        event.field("start_time", action.createdAt.iso8601(.microsecondsWithoutZone))
                        event.field("finish_time", action.finishedAt?.iso8601(.microsecondsWithoutZone))
                        event.field("result", action.outcome?.rawValue)
                        if request.caller.isAdmin { event.field("traceback", traceback) }
                        if request.version >= Microversion(2, 62) { event.field("hostId", "") }
                        if request.version >= Microversion(2, 62), request.caller.isAdmin { event.field("host", host) }
                        if request.version >= Microversion(2, 84) { event.field("details", action.failure) }
                    }
                }
            }
        }
    }
}
