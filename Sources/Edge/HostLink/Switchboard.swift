package import HostProtocol
package import Model
import Synchronization

/// Knows which agents listen, and rings them. What cannot be delivered is not kept: agents look for themselves.
package final class Switchboard: HostLookups {
    private struct Lines {
        /// Each with a number of its own, so that the end of an old one does not take a newer one away.
        var nudges: [HostID: (number: Int, send: AsyncStream<HostNudge>.Continuation)] = [:]
        var consoles: [HostID: (number: Int, read: ConsoleReader)] = [:]
        var opened = 0
    }

    private let lines = Mutex(Lines())

    package init() {}

    package func ring(_ host: HostID, _ nudge: HostNudge) {
        _ = lines.withLock { $0.nudges[host]?.send }?.yield(nudge)
    }

    package func ringAll(_ nudge: HostNudge) {
        for send in lines.withLock({ $0.nudges.values.map(\.send) }) { send.yield(nudge) }
    }

    /// How many lines to hosts are kept.
    var count: (nudges: Int, consoles: Int) { lines.withLock { ($0.nudges.count, $0.consoles.count) } }

    /// Nudges for one host, until nobody listens; a new listener takes the place of the old. Two waiting nudges of each
    /// kind are enough.
    func listen(_ host: HostID) -> AsyncStream<HostNudge> {
        let (stream, send) = AsyncStream.makeStream(of: HostNudge.self, bufferingPolicy: .bufferingNewest(16))
        let (number, old) = lines.withLock { lines in
            lines.opened += 1
            defer { lines.nudges[host] = (lines.opened, send) }
            return (lines.opened, lines.nudges[host]?.send)
        }
        send.onTermination = { [weak self] _ in
            self?.lines.withLock { lines in
                if lines.nudges[host]?.number == number { lines.nudges[host] = nil }
            }
        }
        old?.finish()
        return stream
    }

    /// The number is for `disconnectConsole`.
    @discardableResult
    func connectConsole(of host: HostID, _ console: @escaping ConsoleReader) -> Int {
        lines.withLock { lines in
            lines.opened += 1
            lines.consoles[host] = (lines.opened, console)
            return lines.opened
        }
    }

    func disconnectConsole(of host: HostID, number: Int) {
        lines.withLock { lines in
            if lines.consoles[host]?.number == number { lines.consoles[host] = nil }
        }
    }

    package func consoleOutput(host: HostID, server: ServerID, maxBytes: Int) async throws -> [UInt8] {
        guard let console = lines.withLock({ $0.consoles[host]?.read }) else {
            throw CloudError(.unavailable, "The server's host does not answer; try again when it is back.")
        }
        return try await console(server, maxBytes)
    }
}
