import CLibvirt
import HostProtocol
package import Hypervisor
import Logging
package import Model
import Synchronization
import Tools

/// Freezes of guests' file systems, by the agents in them.
extension LibvirtDriver {
    /// A guest whose agent does not answer in that time counts as one without.
    static let agentSeconds: Int32 = 10
    /// After which a guest is thawed, whatever this process does.
    private static let watchdogSeconds = 20

    /// So many thaws fail before the agent's channel is put in anew.
    private static let patientThaws = 3

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
            try await agentFailed(server, error)
            throw error.failure("The server's guest agent did not thaw its file systems.")
        }
        unheard.withLock { $0[server] = nil }
        dismissWatchdog(of: server)
        return count
    }

    /// libvirt goes on calling an agent dead that was restarted while it had a command, although its channel is
    /// connected; a channel that is put in anew it believes. The guest starts its agent again for that, as it does at
    /// boot.
    private func agentFailed(_ server: ServerID, _ error: LibvirtError) async throws {
        guard error.isAgentSilent else { return }
        let times = unheard.withLock { unheard in
            unheard[server, default: 0] += 1
            return unheard[server] ?? 0
        }
        guard times % Self.patientThaws == 0, let alias = try await description(of: server).agentAlias else { return }
        logger.warning("the channel of a guest agent is put in anew", metadata: ["server": "\(server)"])
        try await unplug(
            alias, from: server, patience: Self.unplugPatience, orElse: "The guest agent's channel cannot be taken out."
        ) { try await description(of: server).agentAlias == nil }
        try await plug(
            DomainXML.agentChannel(), into: server, orElse: "The guest agent's channel cannot be put in again.")
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
