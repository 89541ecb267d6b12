package import HostProtocol
package import Model
package import Networking
import Synchronization
import Telemetry

/// Knows which agents listen, and rings them. What cannot be delivered is not kept: agents look for themselves.
package final class Switchboard: HostLookups {
    private struct Lines {
        /// Each with a number of its own, so that the end of an old one does not take a newer one away.
        var nudges: [HostID: (number: Int, send: AsyncStream<HostNudge>.Continuation)] = [:]
        var consoles: [HostID: (number: Int, host: HostConsoles)] = [:]
        var opened = 0
    }

    private let lines = Mutex(Lines())
    private let followers = Mutex(NetworkFollowers())
    private let rings = Gauge()
    private let sent = Counts<NetworkPart.Kind>()

    package init() {}

    package func ring(_ host: HostID, _ nudge: HostNudge) {
        guard let line = lines.withLock({ $0.nudges[host]?.send }) else { return }
        if nudge == .network { rings.add(1) }
        line.yield(nudge)
    }

    /// How often hosts were rung for a change of the network.
    package var networkRings: Int { rings.value }
    /// The parts of the network that went to hosts in full.
    package var networkParts: [NetworkPart.Kind: Int] { sent.all }

    /// Rings the hosts that the change concerns.
    package func tell(_ change: NetworkChange) {
        if change.isEmpty { return }
        for host in followers.withLock({ $0.concerned(by: change) }) { ring(host, .network) }
    }

    /// Keeps in mind what the host has when it gets the answer that `read` finds.
    func answer(
        _ host: HostID, named hostname: String, holding: Set<NetworkPart>, _ read: () async throws -> TopologyNews
    ) async throws -> TopologyNews {
        let number = followers.withLock { $0.begin() }
        let news: TopologyNews
        do {
            news = try await read()
        } catch {
            followers.withLock { $0.abandon(number) }
            throw error
        }
        for part in news.changed { sent.add(part.part.kind) }
        let asksAgain = followers.withLock {
            $0.end(number, for: host, named: hostname, holding: holding, news)
        }
        if asksAgain { ring(host, .network) }
        return news
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
            let isLast = self?.lines.withLock { lines in
                guard lines.nudges[host]?.number == number else { return false }
                lines.nudges[host] = nil
                return true
            }
            if isLast == true { self?.followers.withLock { $0.forget(host) } }
        }
        old?.finish()
        return stream
    }

    /// The number is for `disconnectConsoles`.
    @discardableResult
    func connect(_ consoles: HostConsoles, of host: HostID) -> Int {
        lines.withLock { lines in
            lines.opened += 1
            lines.consoles[host] = (lines.opened, consoles)
            return lines.opened
        }
    }

    func disconnectConsoles(of host: HostID, number: Int) {
        lines.withLock { lines in
            if lines.consoles[host]?.number == number { lines.consoles[host] = nil }
        }
    }

    package func consoleOutput(host: HostID, server: ServerID, maxBytes: Int) async throws -> [UInt8] {
        try await consoles(of: host).log(server, maxBytes)
    }

    package func diagnostics(host: HostID, server: ServerID) async throws -> GuestDiagnostics {
        do {
            return try await consoles(of: host).diagnose(server)
        } catch let failure as HostFailure {
            throw LinkFailure(failure).error
        }
    }

    package func carryConsole(
        _ kind: ConsoleKind, host: HostID, server: ServerID, client: ConsoleEnd
    ) async throws {
        do {
            try await consoles(of: host).carry(kind, server, client)
        } catch let failure as HostFailure {
            throw LinkFailure(failure).error
        }
    }

    private func consoles(of host: HostID) throws -> HostConsoles {
        guard let consoles = lines.withLock({ $0.consoles[host]?.host }) else {
            throw CloudError(.unavailable, "The server's host does not answer; try again when it is back.")
        }
        return consoles
    }
}
