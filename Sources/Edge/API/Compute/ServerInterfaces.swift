import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/os-interface`.
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
}
