import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/os-networks` and `/os-tenant-networks`: the little that Nova still says of networks, until 2.35.
struct NetworkProxyAPI: Sendable {
    let networking: NetworkingService

    private static let versions = Microversion(2, 1)...Microversion(2, 35)

    /// Members of the network service that Nova once had, which are null.
    private static let formerMembers = [
        "cidr", "netmask", "gateway", "broadcast", "dns1", "dns2", "cidr_v6", "gateway_v6", "netmask_v6",
    ]
    private static let formerMembersOfAdmins = [
        "created_at", "updated_at", "deleted_at", "deleted", "injected", "bridge", "vlan", "vpn_public_address",
        "vpn_public_port", "vpn_private_address", "dhcp_start", "project_id", "host", "bridge_interface",
        "multi_host", "priority", "rxtx_base", "mtu", "dhcp_server", "enable_dhcp", "share_address",
    ]

    var routes: [Route] {
        routes("/os-networks", Self.write) + routes("/os-tenant-networks", Self.writeForTenants)
    }

    private func routes(
        _ path: String, _ write: @escaping @Sendable (Network, Caller, inout JSONWriter) -> Void
    ) -> [Route] {
        [
            Route(.get, path, .reader, versions: Self.versions) { request in
                let all = try await networking.networks(by: request.caller)
                return .json { writer in
                    writer.array("networks") { writer in
                        for network in all { writer.object { write(network, request.caller, &$0) } }
                    }
                }
            },
            Route(.get, "\(path)/{id}", .reader, versions: Self.versions) { request in
                let network: Network
                do {
                    network = try await networking.network(request.id(), by: request.caller)
                } catch let error as CloudError where error.kind == .notFound {
                    throw CloudError(.notFound, "Network not found", cause: error)
                }
                return .json { writer in
                    writer.object("network") { write(network, request.caller, &$0) }
                }
            },
        ]
    }

    @Sendable
    private static func write(_ network: Network, _ reader: Caller, to writer: inout JSONWriter) {
        writer.field("id", network.id)
        writer.field("label", network.name)
        for name in formerMembers + (reader.isAdmin ? formerMembersOfAdmins : []) {
            writer.key(text: name)
            writer.null()
        }
    }

    /// The word `None` for an address range is Nova's own.
    @Sendable
    private static func writeForTenants(_ network: Network, _ reader: Caller, to writer: inout JSONWriter) {
        writer.field("id", network.id)
        writer.field("cidr", "None")
        writer.field("label", network.name)
    }
}
