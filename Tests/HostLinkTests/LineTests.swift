import Cloud
import HostProtocol
import Model
import TestSupport
import Testing

@testable import HostLink

/// The line to a host, when one end does not do its part.
@Suite(.timeLimit(.minutes(3)))
struct LineTests {
    private static let undiagnosed: HostConsoles.Diagnostician = {
        throw HostFailure(message: "It is not asked.", detail: "\($0)")
    }

    @Test func linesAreCutHoweverTheyCome() throws {
        var lines = LineSplitter()
        var read: [[String]] = []
        for piece in ["ab", "c\nde\n\nf", "\n"] {
            read.append(try lines.take(piece.utf8).map { String(decoding: $0, as: UTF8.self) })
        }
        #expect(read == [[], ["abc", "de", ""], ["f"]])
    }

    @Test func aLineThatDoesNotEndIsAnError() throws {
        var lines = LineSplitter()
        let begun = try lines.take(repeatElement(0x61, count: LineSplitter.longest))
        #expect(begun.isEmpty)
        #expect(throws: CloudError.self) { try lines.take([0x61]) }
    }

    @Test func aLineThatIsNotReadLosesNothingThatWasAccepted() async throws {
        let lines = HostLines()
        let host = HostID.random()
        let (number, messages, send) = lines.open(host)
        defer { lines.close(host, number: number) }
        send.yield(.opened)
        var accepted = 1
        while case .enqueued = send.yield(.alive) { accepted += 1 }
        let error = await #expect(throws: CloudError.self) {
            try await lines.consoleOutput(host, .random(), maxBytes: 1)
        }
        #expect(error?.kind == .unavailable)
        send.finish()
        var read: [LineMessage] = []
        for await message in messages { read.append(message) }
        #expect(read.first == .opened && read.count == accepted)
    }

    @Test func aHostWithoutAConsoleSaysSoAndLeavesNothing() async throws {
        try await SocketCloud.run { cloud in
            let switchboard = cloud.fixture.cloud.switchboard
            let client = try HostLinkClient(socketPath: cloud.door.socketPath)
            let channel = RemoteChannel(client, logger: silent)
            let host = try await channel.register(HostRegistration(inventory: SimulatedHost.inventory(0))).host
            let listening = Task { for await _ in channel.nudges() {} }
            do {
                try await eventually("the line is open") { switchboard.count == (1, 1) }
                let error = await #expect(throws: CloudError.self) {
                    try await switchboard.consoleOutput(host: host, server: .random(), maxBytes: 1)
                }
                #expect(error?.message.contains("is starting") == true, "\(error?.message ?? "")")
                listening.cancel()
                try await eventually("the line is forgotten") { switchboard.count == (0, 0) }
            } catch {
                listening.cancel()
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
    }

    @Test func anOldLineDoesNotTakeANewerOneAway() async throws {
        let switchboard = Switchboard()
        let host = HostID.random()
        func consoles(_ byte: UInt8) -> HostConsoles {
            HostConsoles(log: { _, _ in [byte] }, diagnose: Self.undiagnosed, carry: { _, _, _ in })
        }
        let first = switchboard.connect(consoles(1), of: host)
        switchboard.connect(consoles(2), of: host)
        switchboard.disconnectConsoles(of: host, number: first)
        #expect(try await switchboard.consoleOutput(host: host, server: .random(), maxBytes: 1) == [2])
        let old = switchboard.listen(host)
        let new = switchboard.listen(host)
        for await _ in old {}
        switchboard.ring(host, .network)
        var nudges = new.makeAsyncIterator()
        #expect(await nudges.next() == .network)
    }
}
