import Cloud
import HostProtocol
import Hypervisor
import Model
import NIOCore
import TestSupport
import Testing

@testable import HostLink

/// Consoles of a host that is another process than the cloud.
@Suite(.timeLimit(.minutes(3)))
struct ConsoleLineTests {
    /// A client that says what a test gives it, and hands out what it hears.
    private struct Client: Sendable {
        let end: ConsoleEnd
        let heard: AsyncStream<[UInt8]>
        let say: AsyncStream<[UInt8]>.Continuation

        init() {
            let (said, say) = AsyncStream.makeStream(of: [UInt8].self)
            let (heard, hear) = AsyncStream.makeStream(of: [UInt8].self)
            self.say = say
            self.heard = heard
            end = ConsoleEnd(read: { await said.first { _ in true } }, write: { hear.yield($0) })
        }

        /// So many bytes of what it hears.
        func bytes(_ count: Int) async -> [UInt8] {
            var bytes: [UInt8] = []
            while bytes.count < count, let more = await heard.first(where: { _ in true }) { bytes += more }
            return bytes
        }
    }

    @Test(arguments: [1, 100_000]) func bytesGoBothWaysAtTheirOwnPace(_ count: Int) async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let id = try await cloud.fixture.boot()
                let switchboard = cloud.fixture.cloud.switchboard
                let client = Client()
                async let carried: Void = switchboard.carryConsole(
                    .serial, host: host.id, server: id, client: client.end)
                for round in 0..<3 {
                    let bytes = [UInt8](repeating: UInt8(round), count: count)
                    client.say.yield(bytes)
                    #expect(await client.bytes(count) == bytes)
                }
                client.say.finish()
                try await carried
            }
        }
    }

    @Test func aConsoleEndsWithItsGuest() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let id = try await cloud.fixture.boot()
                let switchboard = cloud.fixture.cloud.switchboard
                let client = Client()
                async let carried: Void = switchboard.carryConsole(
                    .vnc, host: host.id, server: id, client: client.end)
                #expect(await client.bytes(12) == Array("RFB 003.008\n".utf8))
                client.say.yield(Array("RFB 003.008\n".utf8))
                #expect(await client.bytes(2) == [1, 1])
                client.say.yield([1])
                #expect(await client.bytes(4) == [0, 0, 0, 0])
                host.driver.guestMoves(id, to: .shutdown)
                try await carried
                client.say.finish()
            }
        }
    }

    /// Though its client says nothing, and has not left.
    @Test func aConsoleEndsWithTheCloudsEndOfTheLine() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let id = try await cloud.fixture.boot()
                let switchboard = cloud.fixture.cloud.switchboard
                let client = Client()
                let carried = Task {
                    try await switchboard.carryConsole(.serial, host: host.id, server: id, client: client.end)
                }
                client.say.yield([1])
                #expect(await client.bytes(1) == [1])
                try await cloud.door.close()
                try await carried.value
                try await cloud.door.open()
            }
        }
    }

    @Test func whyAConsoleDoesNotOpenIsSaidInTheHostsWords() async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { host in
                let switchboard = cloud.fixture.cloud.switchboard
                try await eventually("the line is open") { switchboard.count.consoles == 1 }
                let client = Client()
                let error = await #expect(throws: CloudError.self) {
                    try await switchboard.carryConsole(
                        .serial, host: host.id, server: .random(), client: client.end)
                }
                client.say.finish()
                #expect(error?.message == "The server is off, and so are its consoles.")
            }
        }
    }

    @Test func aHostThatIsAwayIsNotWaitedForForever() async throws {
        let lines = HostLines(patience: .milliseconds(1))
        let host = HostID.random()
        let away = await #expect(throws: CloudError.self) {
            try await lines.carryConsole(.vnc, host, .random(), Client().end)
        }
        #expect(away?.kind == .unavailable)
        let (number, messages, _) = lines.open(host)
        let silent = await #expect(throws: CloudError.self) {
            try await lines.carryConsole(.vnc, host, .random(), Client().end)
        }
        #expect(silent?.kind == .unavailable)
        lines.close(host, number: number)
        withExtendedLifetime(messages) {}
    }

    /// The call of a console is known to its host and to nobody else.
    @Test func anotherHostsConsoleIsNotThere() async throws {
        let lines = HostLines()
        let (host, other) = (HostID.random(), HostID.random())
        let (_, messages, _) = lines.open(host)
        let client = Client()
        async let carried: Void = lines.carryConsole(.serial, host, .random(), client.end)
        var calls = messages.makeAsyncIterator()
        guard case .openConsole(let call) = await calls.next() else {
            Issue.record("no console is asked for")
            return
        }
        #expect(throws: CloudError.self) { try lines.client(ofConsole: call.id, on: other) }
        lines.end(console: call.id, by: other, CloudError(.internal, "mine"))
        lines.answered(call.id, by: other, ConsoleAnswer(failure: LinkFailure(CloudError(.internal, "mine"))))
        _ = try lines.client(ofConsole: call.id, on: host)
        lines.end(console: call.id, by: host)
        try await carried
        #expect(throws: CloudError.self) { try lines.client(ofConsole: call.id, on: host) }
    }

    @Test func aConsoleEndsWithItsHostsProcess() async throws {
        try await SocketCloud.run { cloud in
            let switchboard = cloud.fixture.cloud.switchboard
            let client = Client()
            let (begun, begin) = AsyncStream.makeStream(of: HostID.self)
            let carried = Task {
                for await host in begun {
                    try await switchboard.carryConsole(.serial, host: host, server: ServerID("x"), client: client.end)
                }
            }
            try await RemoteHost.run(cloud) { host in
                try await host.driver.define(
                    DomainSpec(
                        serverID: ServerID("x"), hardware: GuestHardware(name: "x", vcpus: 1, memoryMiB: 64), disks: [],
                        nics: [], consoleLogPath: "", vncSocketPath: ""))
                try await host.driver.start(ServerID("x"))
                try await eventually("the line is open") { switchboard.count.consoles == 1 }
                begin.yield(host.id)
                begin.finish()
                client.say.yield([1])
                #expect(await client.bytes(1) == [1])
            }
            await #expect(throws: (any Error).self) { try await carried.value }
            client.say.finish()
        }
    }
}
