import Foundation
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Synchronization
import Testing

@testable import APIKit

/// A WebSocket whose client does not do its part, on a connection whose time a test turns.
@Suite(.timeLimit(.minutes(1)))
struct WebSocketTests {
    /// Counts the reads that reach the connection.
    private final class Reads: ChannelOutboundHandler, Sendable {
        typealias OutboundIn = NIOAny
        let count = Mutex(0)

        func read(context: ChannelHandlerContext) {
            count.withLock { $0 += 1 }
            context.read()
        }
    }

    private func accept(_ channel: NIOAsyncTestingChannel) async throws -> WebSocket {
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
        let socket = try await WebSocket.accept(channel, key: "x", subprotocol: nil)
        _ = try await channel.readOutbound(as: ByteBuffer.self)
        return socket
    }

    private func said(_ channel: NIOAsyncTestingChannel) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try await channel.readOutbound(as: ByteBuffer.self) { bytes += more.readableBytesView }
        return bytes
    }

    private static let pong: [UInt8] = [0x8a, 0x80, 0, 0, 0, 0]

    private static func frame(_ count: Int) -> ByteBuffer {
        var buffer = ByteBuffer(bytes: [0x82, 0xff])
        buffer.writeInteger(UInt64(count))
        buffer.writeRepeatingByte(0, count: 4 + count)
        return buffer
    }

    @Test func aClientThatAnswersIsKeptAndASilentOneIsNot() async throws {
        let channel = NIOAsyncTestingChannel()
        _ = try await accept(channel)
        for _ in 0..<10 {
            await channel.testingEventLoop.advanceTime(by: .seconds(20))
            #expect(try await said(channel) == [0x89, 0])
            try await channel.writeInbound(ByteBuffer(bytes: Self.pong))
        }
        await channel.testingEventLoop.advanceTime(by: .seconds(40))
        #expect(try await said(channel) == [0x89, 0, 0x89, 0])
        #expect(channel.isActive)
        await channel.testingEventLoop.advanceTime(by: .seconds(20))
        #expect(!channel.isActive)
    }

    @Test func aClientThatDoesNotAnswerAGoodbyeIsHungUpOn() async throws {
        let channel = NIOAsyncTestingChannel()
        let socket = try await accept(channel)
        let reason = String(repeating: "ü", count: 100)
        async let closed: Void = socket.close(.normalClosure, reason)
        // The goodbye is said on the channel's loop.
        try await channel.testingEventLoop.executeInContext {}
        var bytes: [UInt8] = []
        while bytes.isEmpty { bytes = try await said(channel) }
        #expect(bytes == [0x88, 124, 0x03, 0xe8] + Array(reason.utf8.prefix(122)))
        await channel.testingEventLoop.advanceTime(by: .seconds(2))
        try await closed
        #expect(try await socket.receive() == nil)
        await #expect(throws: ChannelError.self) { try await socket.send([1]) }
    }

    @Test func whatIsNotReadMakesTheClientWait() async throws {
        let channel = NIOAsyncTestingChannel()
        let socket = try await accept(channel)
        let reads = Reads()
        try await channel.pipeline.addHandler(reads, position: .first)
        channel.read()
        try await channel.testingEventLoop.executeInContext {}
        let before = reads.count.withLock { $0 }
        #expect(before > 0)
        for _ in 0..<2 { try await channel.writeInbound(Self.frame(WebSocket.messageLimit / 2)) }
        channel.read()
        try await channel.testingEventLoop.executeInContext {}
        let held = reads.count.withLock { $0 }
        channel.read()
        try await channel.testingEventLoop.executeInContext {}
        #expect(reads.count.withLock { $0 } == held)
        #expect(try await socket.receive()?.count == WebSocket.messageLimit / 2)
        #expect(reads.count.withLock { $0 } == held + 1)
        #expect(try await socket.receive()?.count == WebSocket.messageLimit / 2)
    }

    @Test func whoeverIsCancelledWhileItReceivesGetsNothing() async throws {
        let channel = NIOAsyncTestingChannel()
        let socket = try await accept(channel)
        let waiting = Task { try await socket.receive() }
        waiting.cancel()
        #expect(try await waiting.value == nil)
        #expect(channel.isActive)
    }

    /// Handlers of HTTP are still there, and have nothing to say.
    @Test func httpIsSilent() async throws {
        let channel = NIOAsyncTestingChannel()
        _ = try await accept(channel)
        await #expect(throws: ChannelError.self) { try await channel.writeAndFlush(ByteBuffer(string: "HTTP")) }
        #expect(try await said(channel).isEmpty)
    }

    @Test(arguments: [
        ("http://Cloud.test", "http://cloud.test"), ("http://cloud.test:80/", "http://cloud.test"),
        ("https://cloud.test:443/below/it", "https://cloud.test"), ("https://cloud.test:80", "https://cloud.test:80"),
        ("http://[::1]:8774", "http://[::1]:8774"),
    ])
    func anOriginIsWrittenAsBrowsersDo(_ one: (url: String, origin: String)) {
        #expect(APIRequest.origin(of: one.url) == one.origin)
    }
}
