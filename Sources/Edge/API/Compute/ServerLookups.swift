import Compute
import HostProtocol
import Model

/// What the routes of servers ask of hosts.
struct ServerLookups: Sendable {
    let compute: ComputeService
    let hosts: any HostLookups

    /// The tail of the serial log; a server that never had a host has none.
    func console(of id: ServerID, maxBytes: Int, by caller: Caller) async throws -> [UInt8] {
        let server = try await compute.server(id, by: caller)
        guard let host = server.hostID, server.settled != .building else {
            throw CloudError(.conflict, "Instance \(id) is not ready")
        }
        return try await hosts.consoleOutput(host: host, server: id, maxBytes: maxBytes)
    }

    /// What the hypervisor counts of a guest that runs; of any other server it counts nothing.
    func diagnostics(of server: Server) async throws -> GuestDiagnostics {
        guard let host = server.hostID, server.state.powerState == GuestPower.running.number else {
            throw CloudError(
                .conflict,
                "Cannot 'get_diagnostics' instance \(server.id) while it is in power state "
                    + "\(server.state.powerState)")
        }
        return try await hosts.diagnostics(host: host, server: server.id)
    }
}
