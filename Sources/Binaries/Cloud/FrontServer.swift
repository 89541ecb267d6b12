import APIKit
import HTTPTypes
package import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import Synchronization
import Telemetry

/// The API on a socket, and how much it puts up with. What one client may hold is bounded in number, size and time, so
/// that others are served.
package struct FrontServer: Sendable {
    package struct Limits: Sendable {
        /// Further clients wait in the kernel's queue.
        package var connections = 16_384
        /// How long a connection may rest between requests, a request's head may take to come whole, and a body may
        /// pause.
        package var idle = TimeAmount.seconds(75)
        /// How long a client may leave what was sent to it unread.
        package var stall = TimeAmount.seconds(60)
        /// Bytes of all header fields. A Keystone token with a catalog takes 8 KiB.
        package var headerBytes = 64 << 10
        package var headerFields = 200
        /// Bytes of JSON bodies that are held at a time, over all requests.
        package var bodyBytes = 64 << 20

        package init() {}
    }

    let cloud: Cloud
    let limits: Limits

    package init(_ cloud: Cloud, limits: Limits = Limits()) {
        self.cloud = cloud
        self.limits = limits
    }

    /// `isListening` is told the server's channel, and with it the port.
    package func application(
        address: BindAddress, isListening: @escaping @Sendable (any Channel) async -> Void, logger: Logger
    ) -> some ApplicationProtocol {
        let stall = limits.stall
        return Application(
            responder: Apart(inner: cloud.frontDoor(bodies: BodyBudget(limit: limits.bodyBytes))),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [StallHandler(limit: stall)], idleTimeout: limits.idle,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                        maxHeaderFieldCount: limits.headerFields))),
            configuration: .init(
                address: address, serverName: "novella", backlog: 4_096,
                availableConnectionsDelegate: CountedConnections(
                    limit: limits.connections, open: cloud.metrics.connections)),
            onServerRunning: isListening, logger: logger)
    }
}

/// Answers each request in a task of its own. The task of a connection lives as long as the connection and keeps all
/// the stack that it ever had, which would be most of what an idle connection takes.
private struct Apart<Inner: HTTPResponder>: HTTPResponder where Inner.Context: Sendable {
    let inner: Inner

    func respond(to request: Request, context: Inner.Context) async throws -> Response {
        async let response = inner.respond(to: request, context: context)
        return try await response
    }
}

/// Says how many connections are open, and when there are enough of them.
private struct CountedConnections: AvailableConnectionsDelegate {
    let limit: Int
    let open: Gauge

    func connectionOpened() { open.add(1) }
    func connectionClosed() { open.add(-1) }
    func isAcceptingNewConnections() -> Bool { open.value < limit }
}

/// Closes a connection whose client does not read what is sent to it, or has said what is no HTTP: of such a one
/// nothing more is read, so that its end would not be seen.
private final class StallHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    private let limit: TimeAmount
    private var deadline: Scheduled<Void>?

    init(limit: TimeAmount) {
        self.limit = limit
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        if !context.channel.isWritable {
            let channel = context.channel
            deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(mode: .all, promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let channel = context.channel
        context.eventLoop.scheduleTask(in: min(limit, .seconds(1))) { channel.close(mode: .all, promise: nil) }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        context.fireChannelInactive()
    }
}
