import HostProtocol
import Logging
import Model
import NIOCore
import NIOHTTP1

/// One request per connection: asks the control plane, answers, closes. Of the request only its method, its path and
/// the body of a POST are looked at, and nothing that is sent behind it.
final class MetadataHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let bodyLimit = 64 << 10
    /// For a whole request to come in: an idle timer begins anew with each byte.
    private static let patience = TimeAmount.seconds(10)

    private let plan: PlannedListener
    private let answer: MetadataAnswer
    private let logger: Logger
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var received = 0
    private var hasAsked = false
    private var hasAnswered = false
    private var deadline: Scheduled<Void>?

    init(plan: PlannedListener, answer: @escaping MetadataAnswer, logger: Logger) {
        self.plan = plan
        self.answer = answer
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: Self.patience) {
            let (handler, context) = bound.value
            if !handler.hasAsked, !handler.hasAnswered { context.close(promise: nil) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if hasAsked || hasAnswered { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
        case .body(var bytes):
            received += bytes.readableBytes
            guard received <= Self.bodyLimit else { return respond(.plain(413, "Request too large."), context) }
            if head?.method == .POST { body.writeBuffer(&bytes) }
        case .end:
            guard let head else { return }
            hasAsked = true
            ask(head, context)
        }
    }

    private func ask(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard let source = guest(context.remoteAddress) else {
            respond(.plain(404, "Not found."), context)
            return
        }
        let path = Self.path(of: head.uri)
        let request = MetadataRequest(
            networkID: plan.networkID, sourceAddress: source, method: head.method.rawValue, path: path,
            body: head.method == .POST ? Array(body.readableBytesView) : nil)
        let promise = context.eventLoop.makePromise(of: MetadataResponse.self)
        let (answer, logger) = (self.answer, self.logger)
        promise.completeWithTask {
            do {
                return try await answer(request)
            } catch {
                logger.error(
                    "metadata not answered",
                    metadata: ["network": "\(request.networkID)", "path": "\(path)", "error": "\(error)"])
                return error is ControlPlaneUnreachable
                    ? .plain(503, "Try again later.") : .plain(500, "Internal server error.")
            }
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenSuccess { response in
            let (handler, context) = bound.value
            handler.respond(response, context)
        }
    }

    /// The path of a request target in origin or absolute form (RFC 9112, section 3.2), whatever host that names.
    private static func path(of target: String) -> String {
        let whole = target.prefix { $0 != "?" && $0 != "#" }
        let scheme = "http://"
        guard whole.prefix(scheme.count).lowercased() == scheme else { return String(whole) }
        let path = whole.dropFirst(scheme.count).drop { $0 != "/" }
        return path.isEmpty ? "/" : String(path)
    }

    /// The peer, when its address is one of this network's.
    private func guest(_ address: SocketAddress?) -> String? {
        guard let peer = address?.ipAddress.flatMap({ IPAddress($0) }) else { return nil }
        return plan.prefixes.contains { $0.contains(peer) } ? peer.description : nil
    }

    private func respond(_ response: MetadataResponse, _ context: ChannelHandlerContext) {
        guard !hasAnswered, context.channel.isActive else { return }
        hasAnswered = true
        let type = response.contentType.filter { $0.isASCII && !$0.isNewline }
        let headers: HTTPHeaders = [
            "Content-Type": type, "Content-Length": "\(response.body.count)", "Connection": "close",
        ]
        let status = HTTPResponseStatus(statusCode: response.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if self.head?.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("metadata connection", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }
}

extension MetadataResponse {
    fileprivate static func plain(_ status: Int, _ text: String) -> Self {
        Self(status: status, contentType: "text/plain", body: Array((text + "\n").utf8))
    }
}
