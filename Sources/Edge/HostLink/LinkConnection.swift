import NIOCore
import NIOHTTP1
import NIOPosix

/// The connection ended before an answer was whole.
struct LinkConnectionEnded: Error, CustomStringConvertible {
    var description: String { "the other end has closed the connection" }
}

struct LinkSilence: Error, CustomStringConvertible {
    var description: String { "the other end has not answered in time" }
}

struct LinkRequest: Sendable {
    var method: HTTPMethod
    var path: String
    var body: ByteBuffer?
}

/// One HTTP connection over a Unix socket, for one call after the other.
final class LinkConnection: Sendable {
    private let channel: any Channel
    private let exchange: NIOLoopBound<LinkExchange>

    private init(_ channel: any Channel, _ exchange: LinkExchange) {
        self.channel = channel
        self.exchange = NIOLoopBound(exchange, eventLoop: channel.eventLoop)
    }

    static func open(_ socketPath: String) async throws -> LinkConnection {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: false)
            .connect(unixDomainSocketPath: socketPath) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let exchange = LinkExchange(eventLoop: channel.eventLoop)
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(exchange)
                    return LinkConnection(channel, exchange)
                }
            }
    }

    var isOpen: Bool { channel.isActive }

    func close() {
        channel.close(promise: nil)
    }

    func closed() async throws {
        try await channel.closeFuture.get()
    }

    func whenClosed(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }

    func send(_ request: LinkRequest) {
        channel.eventLoop.execute { [exchange] in exchange.value.send(request) }
    }

    /// The head of a POST whose body follows by `write`, until `end`.
    func begin(_ path: String) {
        channel.eventLoop.execute { [exchange] in exchange.value.begin(path) }
    }

    /// Returns when the kernel has it.
    ///
    /// - Throws: `LinkConnectionEnded` when the other end takes no more.
    func write(_ piece: [UInt8], within patience: TimeAmount) async throws {
        let alarm = channel.eventLoop.scheduleTask(in: patience) { [channel] in channel.close(promise: nil) }
        defer { alarm.cancel() }
        try await withTaskCancellationHandler {
            do {
                try await channel.eventLoop.flatSubmit { [exchange] in exchange.value.write(piece) }.get()
            } catch {
                try Task.checkCancellation()
                throw LinkConnectionEnded()
            }
        } onCancel: {
            close()
        }
    }

    func end() {
        channel.eventLoop.execute { [exchange] in exchange.value.end() }
    }

    /// No call is under way: only the connection's end is of interest.
    func rest() {
        channel.eventLoop.execute { [exchange] in exchange.value.rest() }
    }

    /// The next part of what the other end says. A task that is cancelled closes the connection.
    func next(by deadline: NIODeadline) async throws -> HTTPClientResponsePart {
        try await withTaskCancellationHandler {
            try await channel.eventLoop.flatSubmit { [exchange] in exchange.value.next(by: deadline) }.get()
        } onCancel: {
            close()
        }
    }
}

/// Writes requests and hands out the parts of answers one by one. It reads from the socket only while someone waits
/// for a part, so that a slow taker slows the sender.
private final class LinkExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var parts = CircularBuffer<HTTPClientResponsePart>()
    private var waiting: EventLoopPromise<HTTPClientResponsePart>?
    private var alarm: Scheduled<Void>?
    private var failure: (any Error)?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func send(_ request: LinkRequest) {
        guard let context else { return }
        var head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path)
        head.headers.add(name: "Host", value: "localhost")
        if let body = request.body {
            head.headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body = request.body {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func begin(_ path: String) {
        guard let context else { return }
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
        head.headers.add(name: "Host", value: "localhost")
        head.headers.add(name: "Transfer-Encoding", value: "chunked")
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    func write(_ piece: [UInt8]) -> EventLoopFuture<Void> {
        guard let context, failure == nil else { return eventLoop.makeFailedFuture(failure ?? LinkConnectionEnded()) }
        return context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: piece)))))
    }

    func end() {
        context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func next(by deadline: NIODeadline) -> EventLoopFuture<HTTPClientResponsePart> {
        if let part = parts.popFirst() { return eventLoop.makeSucceededFuture(part) }
        if let failure { return eventLoop.makeFailedFuture(failure) }
        let promise = eventLoop.makePromise(of: HTTPClientResponsePart.self)
        waiting = promise
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        alarm = eventLoop.scheduleTask(deadline: deadline) { bound.value.fail(LinkSilence()) }
        context?.read()
        return promise.futureResult
    }

    /// Reads on although nobody waits, so that a connection at rest is seen to end.
    func rest() {
        context?.read()
    }

    private func takeWaiting() -> EventLoopPromise<HTTPClientResponsePart>? {
        alarm?.cancel()
        alarm = nil
        defer { waiting = nil }
        return waiting
    }

    private func fail(_ error: any Error) {
        if failure == nil { failure = error }
        takeWaiting()?.fail(error)
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail(LinkConnectionEnded())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if let taker = takeWaiting() {
            taker.succeed(part)
        } else {
            parts.append(part)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // What came may have been half a part.
        if waiting != nil { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(LinkConnectionEnded())
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error is IOError ? LinkConnectionEnded() : error)
    }
}
