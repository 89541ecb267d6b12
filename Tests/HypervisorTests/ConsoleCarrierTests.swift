import HostProtocol
import Model
import Synchronization
import Testing

@testable import Hypervisor

/// How a screen is opened between a guest and a client, and what each of them hears of the other before.
@Suite(.timeLimit(.minutes(1)))
struct ConsoleCarrierTests {
    private static let version = Array("RFB 003.008\n".utf8)
    private static let reason: [UInt8] = [0, 0, 0, 4] + Array("full".utf8)

    /// A side that says its pieces and then no more, and remembers what it has heard.
    private final class Side: Sendable {
        private let pieces: Mutex<[[UInt8]]>
        private let bytes = Mutex<[UInt8]>([])

        init(_ pieces: [[UInt8]]) {
            self.pieces = Mutex(pieces)
        }

        var heard: [UInt8] { bytes.withLock { $0 } }

        func say() -> [UInt8]? { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
        func hear(_ more: [UInt8]) { bytes.withLock { $0 += more } }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var guest: [[UInt8]]
        var client: [[UInt8]]
        /// What each has heard in the end.
        var guestHears: [UInt8]
        var clientHears: [UInt8]
    }

    private static let refused = [
        Case(
            testDescription: "a guest of another version", guest: [Array("RFB 003.003\n".utf8)], client: [version],
            guestHears: [], clientHears: []),
        Case(
            testDescription: "a client of another version", guest: [version], client: [Array("RFB 003.007\n".utf8)],
            guestHears: [], clientHears: version),
        Case(
            testDescription: "a guest that wants a password", guest: [version, [1, 2]], client: [version],
            guestHears: version, clientHears: version),
        Case(
            testDescription: "a guest that takes nobody", guest: [version, [0] + reason], client: [version],
            guestHears: version, clientHears: version),
        Case(
            testDescription: "a client that chooses what was not offered", guest: [version, [2, 1, 2]],
            client: [version, [2]], guestHears: version, clientHears: version + [1, 1]),
        Case(
            testDescription: "a guest that changes its mind", guest: [version, [1, 1], [0, 0, 0, 1] + reason],
            client: [version, [1]], guestHears: version + [1], clientHears: version + [1, 1]),
        Case(
            testDescription: "a client that leaves", guest: [version, [1, 1]], client: [version], guestHears: version,
            clientHears: version + [1, 1]),
        Case(
            testDescription: "a guest that goes", guest: [Array(version.dropLast())], client: [version], guestHears: [],
            clientHears: []),
    ]

    @Test(arguments: refused) func aScreenThatCannotBeOpenedIsNot(_ one: Case) async throws {
        let (guest, client) = (Side(one.guest), Side(one.client))
        await #expect(throws: HostFailure.self) {
            try await ConsoleCarrier.carry(
                .vnc, from: AsyncStream { guest.say() }, to: { guest.hear($0) }, endGuest: {},
                ConsoleEnd(read: { client.say() }, write: { client.hear($0) }))
        }
        #expect(guest.heard == one.guestHears && client.heard == one.clientHears)
    }

    @Test(arguments: [1, 5, 1000]) func howBytesAreCutSaysNothing(_ size: Int) async throws {
        func cut(_ bytes: [UInt8]) -> [[UInt8]] {
            stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        }
        let (init1, init2) = ([UInt8](repeating: 7, count: 9), [UInt8](repeating: 8, count: 11))
        let guest = Side(cut(Self.version + [2, 5, 1] + [0, 0, 0, 0] + init1))
        let client = Side(cut(Self.version + [1] + init2))
        let (said, say) = AsyncStream.makeStream(of: [UInt8].self)
        while let piece = guest.say() { say.yield(piece) }
        try await ConsoleCarrier.carry(
            .vnc, from: said, to: { guest.hear($0) }, endGuest: { say.finish() },
            ConsoleEnd(read: { client.say() }, write: { client.hear($0) }))
        #expect(guest.heard == Self.version + [1] + init2)
        #expect(client.heard == Self.version + [1, 1] + [0, 0, 0, 0] + init1)
    }

    @Test func aSerialLineHasNoOpening() async throws {
        let (guest, client) = (Side([[1], [2]]), Side([[3]]))
        let (said, say) = AsyncStream.makeStream(of: [UInt8].self)
        while let piece = guest.say() { say.yield(piece) }
        try await ConsoleCarrier.carry(
            .serial, from: said, to: { guest.hear($0) }, endGuest: { say.finish() },
            ConsoleEnd(read: { client.say() }, write: { client.hear($0) }))
        #expect(guest.heard == [3] && client.heard == [1, 2])
    }
}
