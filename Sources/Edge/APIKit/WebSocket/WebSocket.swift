import Cryptography
import Foundation
import HTTPTypes
import NIOCore
import NIOWebSocket

/// The server's end of a WebSocket (RFC 6455) that carries bytes: where one message ends and the next begins says
/// nothing.
package final class WebSocket: Sendable {
    /// Bytes of a message, and of all that has come and is not read yet before the client is made to wait.
    static let messageLimit = 1 << 20
    private static let greeting = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    private let channel: any Channel
    private let frames: NIOLoopBound<WebSocketFrames>

    private init(_ channel: any Channel, _ frames: WebSocketFrames) {
        self.channel = channel
        self.frames = NIOLoopBound(frames, eventLoop: channel.eventLoop)
    }

    /// Takes the connection over from HTTP: what handlers of HTTP are in its pipeline see and send nothing more.
    ///
    /// - Parameters:
    ///   - key: the request's `Sec-WebSocket-Key`.
    ///   - subprotocol: what the client has offered and gets.
    static func accept(_ channel: any Channel, key: String, subprotocol: String?) async throws -> WebSocket {
        let accepted = Data(try HashFunction.sha1.hash(Array((key + greeting).utf8))).base64EncodedString()
        var head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += "Sec-WebSocket-Accept: \(accepted)\r\n"
        if let subprotocol { head += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        let greeting = ByteBuffer(string: head + "\r\n")
        return try await channel.eventLoop.submit {
            let frames = WebSocketFrames(eventLoop: channel.eventLoop)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(frames, position: .first)
            frames.greet(greeting)
            try pipeline.addHandlers(
                [
                    WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: messageLimit)),
                    WebSocketProtocolErrorHandler(),
                ], position: .before(frames))
            return WebSocket(channel, frames)
        }.get()
    }

    /// The next bytes; `nil` when the client has left, or the task is cancelled. One task at a time receives.
    package func receive() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await channel.eventLoop.flatSubmit { [frames] in frames.value.next() }.get()
        } onCancel: {
            channel.eventLoop.execute { [frames] in frames.value.stopWaiting() }
        }
    }

    /// Returns when the kernel has the bytes.
    package func send(_ bytes: [UInt8]) async throws {
        try await channel.eventLoop.flatSubmit { [frames] in frames.value.send(bytes) }.get()
    }

    /// Says that it is over and not why, and returns when the connection is closed.
    package func hangUp() async throws {
        try await close(nil, "")
    }

    /// Says why, and returns when the connection is closed.
    func close(_ code: WebSocketErrorCode?, _ reason: String) async throws {
        channel.eventLoop.execute { [frames] in frames.value.close(code, reason) }
        try await channel.closeFuture.get()
    }
}
