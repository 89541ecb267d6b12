import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/os-interface`.
struct ServerInterfacesAPI: Sendable {
    private typealias Shown = (interface: ServerInterface, addresses: [FixedIP])

    let compute: ComputeService

    private static let members = [Field(since: 49, "tag")]
    private static let fields: [Field<FieldWriter<Shown>>] = [
        Field { $1.field("port_id", $0.interface.port.id) },
        Field { $1.field("net_id", $0.interface.port.networkID) },
        Field { $1.field("mac_addr", $0.interface.port.macAddress) },
        Field { $1.field("port_state", $0.interface.port.status) },
        Field { shown, writer in
            writer.array("fixed_ips") { writer in
                for address in shown.addresses {
                    writer.object {
                        $0.field("subnet_id", address.subnetID)
                        $0.field("ip_address", address.ipAddress)
                    }
                }
            }
        },
        Field(since: 70) { $1.field("tag", $0.interface.tag) },
    ]

    var routes: [Route] {
        [
            Route(.get, "/servers/{id}/os-interface", .reader) { request in
                let found = try await compute.attachments(of: request.id(), by: request.caller)
                return try .json { writer in
                    try writer.array("interfaceAttachments") { writer in
                        for interface in found { try write(interface, request, to: &writer) }
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
                return try show(one, request)
            },
            Route(.post, "/servers/{id}/os-interface", .member, handler: attach),
            Route(.delete, "/servers/{id}/os-interface/{port}", .member) { request in
                try await compute.detach(request.id("port"), from: request.id(), by: request.caller)
                return .accepted
            },
        ]
    }

    private func attach(_ request: APIRequest) async throws -> APIResponse {
        var outer = try Fields(try await request.json())
        // Without it the cloud chooses, as for one that is empty.
        let inner = outer.has("interfaceAttachment") ? try outer.object("interfaceAttachment") : nil
        try outer.finish()
        let wanted = try inner.flatMap { try Self.nic($0.knowing(Self.members, at: request.version)) }
        return try show(try await compute.attach(wanted, to: request.id(), by: request.caller), request)
    }

    /// `nil` when the body leaves the choice to the cloud.
    private static func nic(_ body: Fields) throws -> RequestedNIC? {
        var fields = body
        try fields.refuseNulls()
        var nic = RequestedNIC(
            portID: try fields.optionalID("port_id"), networkID: try fields.optionalID("net_id"),
            tag: try fields.optionalString("tag", 1...60))
        let addresses = try fields.optionalArray("fixed_ips")
        try fields.finish()
        if let addresses {
            guard addresses.count == 1 else {
                throw fields.invalid("fixed_ips", .array(addresses), "One address can be asked for.")
            }
            var address = try Fields(addresses[0], at: "fixed_ips")
            let text = try address.string("ip_address")
            try address.finish()
            guard IPAddress(text) != nil else {
                throw fields.invalid("ip_address", .string(text), "It is not an IP address.")
            }
            nic.fixedIP = text
        }
        if nic.portID != nil, nic.networkID != nil {
            throw CloudError.badRequest("Must not input both network_id and port_id")
        }
        if nic.fixedIP != nil, nic.networkID == nil {
            throw CloudError.badRequest("Must input network_id when request IP address")
        }
        if nic.tag != nil, nic.portID == nil, nic.networkID == nil {
            throw CloudError.badRequest("A tag needs a net_id or a port_id.")
        }
        return nic.portID == nil && nic.networkID == nil ? nil : nic
    }

    private func show(_ interface: ServerInterface, _ request: APIRequest) throws -> APIResponse {
        try .json { writer in
            writer.key("interfaceAttachment")
            try write(interface, request, to: &writer)
        }
    }

    private func write(_ interface: ServerInterface, _ request: APIRequest, to writer: inout JSONWriter) throws {
        let shown = (interface, try interface.port.fixedIPs.value())
        FieldPlan(Self.fields, at: request.version).write(shown, to: &writer)
    }
}
