import CLibvirt
import HostProtocol
package import Hypervisor
package import Model
import Synchronization
import Tools

/// Freezes of guests' file systems, by the agents in them.
extension LibvirtDriver {
    /// A guest that does not answer in that time counts as one that cannot be frozen.
    private static let agentSeconds: Int32 = 10
    /// After which a guest is thawed, whatever this process does.
    private static let watchdogSeconds = 20

    /// Reads a line, for so long and no longer; without that word it thaws the guest, again and again until that has
    /// come true or the guest is off.
    private static let watchdogScript = """
        [ "$(timeout "$3" head -n 1)" = "$4" ] && exit 0
        for attempt in $(seq 600); do
            timeout 30 virsh -q -c "$1" domfsthaw "$2" && exit 0
            [ "$(timeout 30 virsh -q -c "$1" domstate "$2")" = "shut off" ] && exit 0
            sleep 1
        done
        """

    package func freeze(_ server: ServerID) async throws -> Frozen {
        dismissWatchdog(of: server)
        let watchdog = try await Watchdog.start(
            "sh",
            [
                "-c", Self.watchdogScript, "sh", configuration.uri, names.name(of: server),
                "\(Self.watchdogSeconds)", Watchdog.dismissal,
            ])
        watchdogs.withLock { $0[server] = watchdog }
        do {
            let sent = ContinuousClock.now
            return Frozen(fileSystems: try await askAgent(of: server, novella_virt_freeze), since: sent)
        } catch let error as LibvirtError {
            throw error.failure("The server's guest agent did not freeze its file systems.")
        }
    }

    package func thaw(_ server: ServerID) async throws -> Int {
        let count: Int
        do {
            count = try await power(of: server).isOn ? askAgent(of: server, novella_virt_thaw) : 0
        } catch let error as LibvirtError {
            throw error.failure("The server's guest agent did not thaw its file systems.")
        }
        dismissWatchdog(of: server)
        return count
    }

    private func dismissWatchdog(of server: ServerID) {
        watchdogs.withLock { $0.removeValue(forKey: server) }?.dismiss()
    }

    private typealias AgentCall =
        @Sendable (
            UnsafeMutableRawPointer?, UnsafePointer<CChar>?, Int32, UnsafeMutablePointer<Int32>?,
            UnsafeMutablePointer<novella_virt_error>?
        ) -> Int32

    private func askAgent(of server: ServerID, _ call: @escaping AgentCall) async throws -> Int {
        let name = names.name(of: server)
        return try await long.run { handle in
            var count: Int32 = 0
            try handle.call { call(handle.pointer, name, Self.agentSeconds, &count, &$0) }
            return Int(count)
        }
    }
}
