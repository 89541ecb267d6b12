import APIKit
import Compute
import HTTPTypes
import Model
import Networking
import Wire

/// The actions `addFixedIp` and `removeFixedIp`, until 2.43: addresses more and less on the ports of a server.
struct FixedIPProxyAPI: Sendable {
    let networking: NetworkingService
    let compute: ComputeService

    private static let lastAction = Microversion(2, 43)

    var actions: [String: ServerAction] {
        [
            "addFixedIp": ServerAction(last: Self.lastAction, run: add),
            "removeFixedIp": ServerAction(last: Self.lastAction, run: remove),
        ]
    }

    private func ports(of id: ServerID, by caller: Caller) async throws -> [Port] {
        let server = try await compute.server(id, by: caller)
        if server.isLocked, !caller.isAdmin { throw CloudError(.conflict, "Instance \(id) is locked") }
        return try await compute.attachments(of: id, by: caller).map(\.port)
    }

    private func set(
        _ addresses: [PortRequest.Address], of port: PortID, on id: ServerID, by caller: Caller
    ) async throws -> APIResponse {
        try await networking.update(port, by: caller) { $0.addresses = addresses }
        try await compute.refreshAddresses(of: [id.text])
        return .accepted
    }

    private static func kept(_ port: Port, without address: String? = nil) throws -> [PortRequest.Address] {
        try port.fixedIPs.value().filter { $0.ipAddress != address }.map {
            PortRequest.Address(subnetID: $0.subnetID, ipAddress: $0.ipAddress)
        }
    }

    /// Of the first subnet of the network that gives one, on the server's first port there.
    private func add(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "addFixedIp")
        try fields.refuseNulls()
        let network = NetworkID(try fields.string("networkId", 1...36))
        try fields.finish()
        let id: ServerID = request.id()
        let ports = try await ports(of: id, by: request.caller)
        guard let port = ports.first(where: { $0.networkID == network }) else {
            throw CloudError(.notFound, "Network could not be found for instance \(id).")
        }
        for subnet in try await networking.subnets(of: network) {
            do {
                let wanted = try Self.kept(port) + [PortRequest.Address(subnetID: subnet.id)]
                return try await set(wanted, of: port.id, on: id, by: request.caller)
            } catch let error as CloudError where [.conflict, .badRequest].contains(error.kind) {
                continue
            }
        }
        throw CloudError.badRequest("No fixed IP addresses available for network: \(network)")
    }

    private func remove(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "removeFixedIp")
        try fields.refuseNulls()
        let text = try fields.string("address")
        try fields.finish()
        guard let address = IPAddress(text)?.description else {
            throw fields.invalid("address", .string(text), "It is not an IP address.")
        }
        let id: ServerID = request.id()
        for port in try await ports(of: id, by: request.caller)
        where try port.fixedIPs.value().contains(where: { $0.ipAddress == address }) {
            return try await set(try Self.kept(port, without: address), of: port.id, on: id, by: request.caller)
        }
        throw CloudError.badRequest("Instance \(id) does not have fixed IP '\(address)'.")
    }
}
