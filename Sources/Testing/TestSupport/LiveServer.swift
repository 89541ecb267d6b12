package import Cloud
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A cloud's API on a port of this machine, for clients that do what no library lets them do.
package struct LiveServer: Sendable {
    package let port: Int

    package static func run(
        _ cloud: Cloud, limits: FrontServer.Limits = .init(), _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        OpenFiles.raiseLimit(logger: silent)
        let listening = AsyncStream.makeStream(of: Int.self)
        let app = FrontServer(cloud, limits: limits).application(
            address: .hostname("127.0.0.1", port: 0),
            isListening: { channel in
                if let port = channel.localAddress?.port { listening.continuation.yield(port) }
                listening.continuation.finish()
            }, logger: silent)
        let serving = RunningService(app) { listening.continuation.finish() }
        do {
            for await port in listening.stream { try await body(LiveServer(port: port)) }
        } catch {
            try await serving.stop()
            throw error
        }
        try await serving.stop()
    }

    /// With `reads` false it never takes what the server sends.
    package func connect(reads: Bool = true) async throws -> RawConnection {
        let received = Received()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(received) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel: channel, received: received)
    }

    /// One request on a connection of its own; the whole answer as text.
    package func ask(_ request: String) async throws -> String {
        let connection = try await connect()
        try await connection.send(request)
        await connection.closed()
        return connection.text
    }
}

package struct RawConnection: Sendable {
    private let channel: any Channel
    private let received: Received

    fileprivate init(channel: any Channel, received: Received) {
        self.channel = channel
        self.received = received
    }

    package var text: String { String(decoding: received.all, as: UTF8.self) }
    package var bytes: [UInt8] { received.all }
    package var isOpen: Bool { channel.isActive }

    /// The server may have hung up before all is sent; then this returns as well.
    package func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    package func send(_ bytes: [UInt8]) async throws {
        try await unlessClosed { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
    }

    private func unlessClosed(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error where error is ChannelError || error is IOError {
            return
        }
    }

    package func close() async throws {
        try await unlessClosed { try await channel.close() }
    }

    /// Nothing more will be sent; the answer is still read.
    package func finish() async throws {
        try await unlessClosed { try await channel.close(mode: .output) }
    }

    /// Returns when the server, or this side, has closed the connection.
    package func closed() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { done in channel.closeFuture.whenComplete { _ in done.resume() } }
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

private final class Received: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let bytes = Mutex<[UInt8]>([])

    var all: [UInt8] { bytes.withLock { $0 } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) }
    }

    /// The server has said all that it will.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
