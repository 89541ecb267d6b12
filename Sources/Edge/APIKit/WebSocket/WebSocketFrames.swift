import NIOCore
import NIOWebSocket

/// Speaks WebSocket's frames on a connection that was HTTP's. It stands before the handlers of HTTP and passes nothing
/// on to them but what is said of the connection itself.
final class WebSocketFrames: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = WebSocketFrame

    /// Between two signs of life that are asked for.
    static let pingEvery = TimeAmount.seconds(20)
    /// A client that says nothing for so long is gone.
    static let silenceLimit = TimeAmount.seconds(60)
    /// How long a client has to answer that the connection is closed.
    static let farewellLimit = TimeAmount.seconds(2)
    /// Bytes of a reason (RFC 6455, 5.5).
    private static let longestReason = 123

    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var unread = CircularBuffer<[UInt8]>()
    private var unreadBytes = 0
    private var holdsRead = false
    private var waiting: EventLoopPromise<[UInt8]?>?
    private var hasEnded = false
    private var isClosing = false
    private var lastHeard = NIODeadline.now()
    private var pings: RepeatedTask?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastHeard = eventLoop.now
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        pings = eventLoop.scheduleRepeatedTask(initialDelay: Self.pingEvery, delay: Self.pingEvery) { _ in
            bound.value.ping()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        pings?.cancel()
        end()
    }

    /// The answer to the request, in the words of HTTP; nothing that makes frames stands before this handler yet.
    func greet(_ head: ByteBuffer) {
        context?.writeAndFlush(NIOAny(head), promise: nil)
    }

    func next() -> EventLoopFuture<[UInt8]?> {
        if let bytes = unread.popFirst() {
            unreadBytes -= bytes.count
            readOn()
            return eventLoop.makeSucceededFuture(bytes)
        }
        if hasEnded { return eventLoop.makeSucceededFuture(nil) }
        let promise = eventLoop.makePromise(of: [UInt8]?.self)
        waiting = promise
        return promise.futureResult
    }

    /// Nobody wants what comes any more.
    func stopWaiting() {
        end()
    }

    func send(_ bytes: [UInt8]) -> EventLoopFuture<Void> {
        guard let context, !isClosing else { return eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        let frame = WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: bytes))
        return context.writeAndFlush(wrapOutboundOut(frame))
    }

    /// A client that does not answer is hung up on.
    func close(_ code: WebSocketErrorCode?, _ reason: String) {
        guard let context, !isClosing else { return }
        isClosing = true
        var text = reason[...]
        while text.utf8.count > Self.longestReason { text.removeLast() }
        var data = ByteBuffer()
        if let code {
            data.write(webSocketErrorCode: code)
            data.writeString(String(text))
        }
        context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)), promise: nil)
        let channel = context.channel
        eventLoop.scheduleTask(in: Self.farewellLimit) { channel.close(promise: nil) }
        end()
        readOn()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        lastHeard = eventLoop.now
        guard frame.maskKey != nil else { return close(.protocolError, "A client masks what it sends.") }
        switch frame.opcode {
        case .binary, .text, .continuation: take(Array(frame.unmaskedData.readableBytesView))
        case .ping: answer(.pong, frame.unmaskedData)
        case .pong: return
        case .connectionClose:
            if !isClosing { answer(.connectionClose, frame.unmaskedData) }
            context.close(promise: nil)
        default: close(.protocolError, "There is no such kind of frame.")
        }
    }

    private func take(_ bytes: [UInt8]) {
        guard !hasEnded, !bytes.isEmpty else { return }
        if let promise = waiting {
            waiting = nil
            promise.succeed(bytes)
        } else {
            unread.append(bytes)
            unreadBytes += bytes.count
        }
    }

    /// To a client that does not read, nothing is said that can wait.
    private func answer(_ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        guard let context, context.channel.isWritable else { return }
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }

    private func ping() {
        guard eventLoop.now - lastHeard < Self.silenceLimit else {
            context?.close(promise: nil)
            return
        }
        answer(.ping, ByteBuffer())
    }

    /// HTTP has nothing more to say.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.inappropriateOperationForState)
    }

    /// Holds back the connection's next read while too much is unread.
    func read(context: ChannelHandlerContext) {
        if unreadBytes < WebSocket.messageLimit { context.read() } else { holdsRead = true }
    }

    private func readOn() {
        guard holdsRead, unreadBytes < WebSocket.messageLimit || hasEnded else { return }
        holdsRead = false
        context?.read()
    }

    private func end() {
        hasEnded = true
        unread.removeAll()
        unreadBytes = 0
        waiting?.succeed(nil)
        waiting = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: close(.goingAway, "The cloud's process ends; open the console again.")
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }
}
