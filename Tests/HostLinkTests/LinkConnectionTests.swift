import Foundation
import HTTPTypes
import HostProtocol
import Hummingbird
import Model
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import HostLink

/// The client's connections, with another end that does as the test wants.
@Suite(.timeLimit(.minutes(3)))
struct LinkConnectionTests {
    @Test func callsFollowEachOtherOnOneConnection() async throws {
        try await OtherEnd.run { _ in
            .init(byteBuffer: ByteBuffer(string: "[1]"))
        } body: { client, _ in
            for _ in 0..<3 {
                let answer: [Int] = try await client.get("/")
                #expect(answer == [1])
                let echoed: [Int] = try await client.post("/", Array(repeating: 7, count: 100_000))
                #expect(echoed == [1])
            }
            #expect(client.connections.count == 1)
        }
    }

    @Test func callsAtTheSameTimeHaveConnectionsOfTheirOwn() async throws {
        let gate = Gate(3)
        try await OtherEnd.run { _ in
            await gate.pass()
            return .init(byteBuffer: ByteBuffer(string: "[1]"))
        } body: { client, _ in
            async let one: [Int] = client.get("/")
            async let two: [Int] = client.get("/")
            async let three: [Int] = client.get("/")
            let answers = try await one + two + three
            #expect(answers == [1, 1, 1])
        }
    }

    @Test func aConnectionThatEndedWhileItRestedIsReplaced() async throws {
        try await OtherEnd.run { _ in
            .init(byteBuffer: ByteBuffer(string: "[1]"))
        } body: { client, end in
            for _ in 0..<2 {
                let answer: [Int] = try await client.get("/")
                #expect(answer == [1])
                try await end.restart()
            }
        }
    }

    @Test func aSocketThatComesLaterIsWaitedFor() async throws {
        try await OtherEnd.run { _ in
            .init(byteBuffer: ByteBuffer(string: "[1]"))
        } body: { client, end in
            try await end.stop()
            async let call: [Int] = client.get("/")
            await end.start()
            let answer = try await call
            #expect(answer == [1])
        }
    }

    @Test func aSlowTakerSlowsTheSender() async throws {
        // The kernel alone holds some ten MB between two sockets.
        let pieces = 1024
        let sent = Mutex(0)
        try await OtherEnd.run { _ in
            .init { writer in
                for number in 0..<pieces {
                    try await writer.write(ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: 64 << 10))
                    sent.withLock { $0 += 1 }
                }
                try await writer.finish(nil)
            }
        } body: { client, _ in
            let answer = try await client.stream("/")
            var taken = try await answer.next()?.readableBytes ?? 0
            // What the sender can get rid of lies in buffers, and then nothing moves any more.
            var seen = -1
            while seen != sent.withLock({ $0 }) {
                seen = sent.withLock { $0 }
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(seen < pieces / 2)
            while let piece = try await answer.next() { taken += piece.readableBytes }
            #expect(taken == pieces * 64 << 10)
            #expect(try await answer.next() == nil)
        }
    }

    @Test func anAnswerThatIsLeftClosesItsConnection() async throws {
        try await OtherEnd.run { _ in
            .endless
        } body: { client, _ in
            _ = try await client.stream("/").next()
            try await eventually("the connection is closed") { client.connections.count == 0 }
        }
    }

    @Test func aCancelledCallClosesItsConnection() async throws {
        try await OtherEnd.run { _ in
            .silent
        } body: { client, _ in
            let answer = try await client.stream("/")
            let task = Task { try await client.reaching("/") { try await answer.next() } }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await eventually("the connection is closed") { client.connections.count == 0 }
        }
    }

    @Test func silenceIsGivenUp() async throws {
        try await OtherEnd.run(patienceSeconds: 1) { _ in
            .silent
        } body: { client, _ in
            await #expect(throws: ControlPlaneUnreachable.self) {
                let _: [Int] = try await client.get("/")
            }
            let answer = try await client.stream("/")
            await #expect(throws: LinkSilence.self) { try await answer.next() }
            try await eventually("no connection is left") { client.connections.count == 0 }
        }
    }

    @Test func anAnswerWithoutAnEndIsNotCollected() async throws {
        try await OtherEnd.run { _ in
            .endless
        } body: { client, _ in
            let request = LinkRequest(method: .GET, path: "/", body: nil)
            let deadline = NIODeadline.now() + .seconds(60)
            let answer = try await client.connections.answer(to: request, by: deadline)
            await #expect(throws: LinkAnswerTooLong.self) { try await answer.collect(upTo: 1 << 20, by: deadline) }
        }
    }

    @Test func shutdownEndsWhatIsUnderWay() async throws {
        try await OtherEnd.run { _ in
            .silent
        } body: { client, _ in
            let answer = try await client.stream("/")
            let task = Task { try await client.reaching("/") { try await answer.next() } }
            try await client.shutdown()
            await #expect(throws: ControlPlaneUnreachable.self) { try await task.value }
            await #expect(throws: ControlPlaneUnreachable.self) {
                let _: [Int] = try await client.get("/")
            }
        }
    }

    @Test func aPathCannotHoldASecondRequest() async throws {
        let client = try HostLinkClient(socketPath: "/nowhere")
        await #expect(throws: CloudError.self) {
            let _: [Int] = try await client.get("/ HTTP/1.1\r\n\r\nGET /")
        }
    }
}

/// A server on a socket that answers 200 with the body it is told.
private actor OtherEnd {
    typealias Answer = @Sendable (Request) async throws -> ResponseBody

    private let socketPath: String
    private let answer: Answer
    private var serving: RunningService?

    private init(socketPath: String, answer: @escaping Answer) {
        self.socketPath = socketPath
        self.answer = answer
    }

    static func run(
        patienceSeconds: Int64 = 30, answer: @escaping Answer,
        body: @Sendable (HostLinkClient, OtherEnd) async throws -> Void
    ) async throws {
        let socketPath = "/tmp/novella-link-\(UUIDText.random()).sock"
        let end = OtherEnd(socketPath: socketPath, answer: answer)
        let client = try HostLinkClient(socketPath: socketPath, patienceSeconds: patienceSeconds)
        await end.start()
        let result: Result<Void, any Error>
        do { result = .success(try await body(client, end)) } catch { result = .failure(error) }
        try await client.shutdown()
        try await end.stop()
        try result.get()
    }

    func start() async {
        let responder = CallbackResponder { [answer] (request: Request, _: BasicRequestContext) in
            _ = try await request.body.collect(upTo: 16 << 20)
            return Response(status: .ok, body: try await answer(request))
        }
        serving = await serve(responder, at: socketPath)
    }

    func stop() async throws {
        try await serving?.stop()
        serving = nil
    }

    func restart() async throws {
        try await stop()
        await start()
    }
}

extension ResponseBody {
    /// Sends for as long as it is let.
    fileprivate static var endless: ResponseBody {
        ResponseBody { writer in
            while true { try await writer.write(ByteBuffer(repeating: 0x61, count: 64 << 10)) }
        }
    }

    /// Sends its head and nothing more.
    fileprivate static var silent: ResponseBody {
        ResponseBody { _ in
            let (never, _) = AsyncStream.makeStream(of: Void.self)
            for await _ in never.cancelOnGracefulShutdown() {}
        }
    }
}

/// Lets those through who wait once there are enough of them.
private actor Gate {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) {
        missing = count
    }

    func pass() async {
        missing -= 1
        if missing > 0 { return await withCheckedContinuation { waiting.append($0) } }
        for one in waiting { one.resume() }
        waiting = []
    }
}
