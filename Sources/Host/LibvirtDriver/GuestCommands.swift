import CLibvirt
import HostProtocol
import Hypervisor
package import Model

/// What is done to a guest once.
extension LibvirtDriver {
    package func setPassword(_ password: String, of user: String, in server: ServerID) async throws {
        let name = names.name(of: server)
        try await long.run { handle in
            do throws(LibvirtError) {
                try handle.call {
                    novella_virt_set_password(handle.pointer, name, Self.agentSeconds, user, password, &$0)
                }
            } catch {
                let why = error.isAgentSilent ? "does not answer" : "did not set the password"
                throw error.failure("The server's guest agent \(why).")
            }
        }
    }

    package func injectNMI(_ server: ServerID) async throws {
        try await act(NOVELLA_VIRT_NMI, server, "The hypervisor could not interrupt the server.")
    }
}
