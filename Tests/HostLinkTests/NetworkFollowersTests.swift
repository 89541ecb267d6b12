import HostProtocol
import Model
import Testing

@testable import HostLink
@testable import Networking

/// Whom a change of the network concerns, by what each host was answered last.
@Suite struct NetworkFollowersTests {
    private let host = HostID("h")
    private let network = NetworkPart.network(NetworkID("n"))
    private let other = NetworkPart.network(NetworkID("o"))

    private func change(_ part: NetworkPart) -> NetworkChange {
        var change = NetworkChange()
        change.part(part)
        return change
    }

    private func answer(_ part: NetworkPart, gone: [NetworkPart] = []) -> TopologyNews {
        TopologyNews(gone: gone, changed: [TopologyPart(part: part, generation: "g", content: .members([]))])
    }

    /// The nudges of a host whose answer is read while something is told.
    private func nudges(
        answered: TopologyNews, holding: Set<NetworkPart> = [], meanwhile told: NetworkChange, then later: NetworkChange
    ) async throws -> [HostNudge] {
        let switchboard = Switchboard()
        let line = switchboard.listen(host)
        _ = try await switchboard.answer(host, named: "sim-1", holding: holding) {
            switchboard.tell(told)
            return answered
        }
        switchboard.tell(later)
        // The end of the line, so that there is something to wait for.
        _ = switchboard.listen(host)
        var found: [HostNudge] = []
        for await nudge in line { found.append(nudge) }
        return found
    }

    @Test func aHostIsRungForWhatItWasAnswered() async throws {
        let none = NetworkChange()
        #expect(try await nudges(answered: answer(network), meanwhile: none, then: change(network)) == [.network])
        #expect(try await nudges(answered: answer(network), meanwhile: none, then: change(other)) == [])
        let kept = try await nudges(
            answered: answer(network), holding: [other], meanwhile: none, then: change(other))
        #expect(kept == [.network])
        let gone = try await nudges(
            answered: answer(network, gone: [other]), holding: [other], meanwhile: none, then: change(other))
        #expect(gone == [])
    }

    /// A part may be new to the host in an answer that was read before the change.
    @Test func whatIsToldWhileAnAnswerIsReadIsToldAfterIt() async throws {
        let none = NetworkChange()
        #expect(try await nudges(answered: answer(network), meanwhile: change(network), then: none) == [.network])
        #expect(try await nudges(answered: answer(network), meanwhile: change(other), then: none) == [])
    }

    @Test func aHostThatIsBoundToIsRung() async throws {
        var bound = NetworkChange()
        try bound.port(from: nil, to: port(on: "sim-1"))
        #expect(try await nudges(answered: TopologyNews(), meanwhile: bound, then: NetworkChange()) == [.network])
        #expect(try await nudges(answered: TopologyNews(), meanwhile: NetworkChange(), then: bound) == [.network])
        var elsewhere = NetworkChange()
        try elsewhere.port(from: nil, to: port(on: "sim-2"))
        #expect(try await nudges(answered: TopologyNews(), meanwhile: elsewhere, then: elsewhere) == [])
    }

    private func port(on host: String) -> Port {
        let now = Timestamp(microseconds: 1)
        return Port(
            id: PortID("p"), networkID: NetworkID("new"), projectID: ProjectID("p"), macAddress: "fa:16:3e:00:00:01",
            fixedIPs: JSONText(raw: "[]"), deviceOwner: "compute:nova", securityGroups: JSONText(raw: "[]"),
            allowedAddressPairs: JSONText(raw: "[]"), bindingHost: host, tags: JSONText(raw: "[]"), createdAt: now,
            updatedAt: now)
    }

    /// A line that ends takes what is known of its host away, but not what a newer line has.
    @Test func aHostWithoutALineIsRungForNothing() async throws {
        let switchboard = Switchboard()
        var line: AsyncStream<HostNudge>? = switchboard.listen(host)
        let answered = answer(network)
        _ = try await switchboard.answer(host, named: "sim-1", holding: []) { answered }
        line = nil
        #expect(line == nil)
        switchboard.tell(change(network))
        #expect(switchboard.networkRings == 0)
    }
}
