import HTTPTypes
import Hummingbird
package import Model
import NIOCore
import NIOWebSocket

/// The answer to a request that asks for a WebSocket, and what is done with it.
package struct WebSocketAnswer: Sendable {
    package typealias Body = @Sendable (WebSocket) async throws -> Void

    fileprivate let key: String
    fileprivate let subprotocol: String?
    fileprivate let body: Body

    /// Ends when the connection does.
    func serve(on channel: any Channel) async throws {
        let socket = try await WebSocket.accept(channel, key: key, subprotocol: subprotocol)
        do {
            try await body(socket)
        } catch {
            try await socket.close(.unexpectedServerError, (error as? CloudError)?.message ?? "The service failed.")
            return
        }
        try await socket.close(.normalClosure, "")
    }
}

extension APIRequest {
    /// Makes a WebSocket of the connection, which `body` may use until it returns; what it throws is told to the client
    /// if it is a `CloudError`.
    ///
    /// - Parameter subprotocol: what a client that offers it gets.
    /// - Throws: `badRequest` when no WebSocket is asked for.
    package func webSocket(
        subprotocol: String, _ body: @escaping WebSocketAnswer.Body
    ) throws(CloudError) -> APIResponse {
        guard request.method == .get, words(.upgrade).contains("websocket"), words(.connection).contains("upgrade"),
            request.headers[.secWebSocketVersion] == "13", let key = request.headers[.secWebSocketKey]
        else {
            throw CloudError.badRequest(
                "This is a WebSocket: ask for it with Upgrade, Connection, Sec-WebSocket-Version: 13 and a key.")
        }
        let offers = words(.secWebSocketProtocol).contains(subprotocol)
        let answer = WebSocketAnswer(key: key, subprotocol: offers ? subprotocol : nil, body: body)
        return APIResponse(.switchingProtocols, body: .webSocket(answer))
    }

    /// Refuses a page of another address: a browser tells where a page is from, and other programs tell nothing.
    package func requireOwnOrigin() throws(CloudError) {
        guard let origin = request.headers[.origin], origin != Self.origin(of: rootURL) else { return }
        throw CloudError(
            .forbidden,
            "The page is of '\(origin.prefix(200))', and this cloud is \(Self.origin(of: rootURL)): open it there.")
    }

    /// Scheme, host and port of an address, as browsers write them.
    static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 2).prefix(2).map { $0.lowercased() }
        var origin = parts.joined(separator: "//")
        for (scheme, port) in [("http:", ":80"), ("https:", ":443")] where parts.first == scheme {
            if origin.hasSuffix(port) { origin.removeLast(port.count) }
        }
        return origin
    }

    private func words(_ name: HTTPField.Name) -> [String] {
        request.headers[values: name].flatMap { $0.split(separator: ",") }.map { word in
            word.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
    }
}
