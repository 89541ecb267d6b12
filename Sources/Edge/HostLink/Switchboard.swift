package import HostProtocol
package import Model
import Synchronization

/// Knows which agents listen, and rings them. What cannot be delivered is not kept: agents look for themselves.
package final class Switchboard: HostLookups {
    private struct Lines {
        var nudges: [HostID: AsyncStream<HostNudge>.Continuation] = [:]
        var consoles: [HostID: ConsoleReader] = [:]
    }

    private let lines = Mutex(Lines())

    package init() {}

    package func ring(_ host: HostID, _ nudge: HostNudge) {
        _ = lines.withLock { $0.nudges[host] }?.yield(nudge)
    }

    package func ringAll(_ nudge: HostNudge) {
        for line in lines.withLock({ Array($0.nudges.values) }) { line.yield(nudge) }
    }

    /// Nudges for one host; a new listener takes the place of the old. Two waiting nudges of each kind are enough.
    func listen(_ host: HostID) -> AsyncStream<HostNudge> {
        let (stream, continuation) = AsyncStream.makeStream(of: HostNudge.self, bufferingPolicy: .bufferingNewest(16))
        let old = lines.withLock { lines in
            defer { lines.nudges[host] = continuation }
            return lines.nudges[host]
        }
        old?.finish()
        return stream
    }

    func connectConsole(of host: HostID, _ console: @escaping ConsoleReader) {
        lines.withLock { $0.consoles[host] = console }
    }

    package func consoleOutput(host: HostID, server: ServerID, maxBytes: Int) async throws -> [UInt8] {
        guard let console = lines.withLock({ $0.consoles[host] }) else {
            throw CloudError(.unavailable, "The server's host does not answer; try again when it is back.")
        }
        return try await console(server, maxBytes)
    }
}
