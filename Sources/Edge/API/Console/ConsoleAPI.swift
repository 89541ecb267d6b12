package import APIKit
package import Compute
import HTTPTypes
package import HostProtocol
import Model

/// `/console/websocket`: the bytes of a console, for whoever brings a token (`docs/decisions/0022-consoles.md`).
package enum ConsoleAPI {
    static let socketPath = "/console/websocket"
    /// Where noVNC's files are.
    package static let pagesPath = "/console/novnc"

    package static func routes(compute: ComputeService, hosts: any HostLookups) -> [Route] {
        [
            Route(.get, socketPath, .anyone) { request in
                try request.requireOwnOrigin()
                let console = try await compute.console(of: request.query("token") ?? "")
                return try request.webSocket(subprotocol: "binary") { socket in
                    // Nova's proxy says nothing to a token that is not good.
                    guard let console else { return try await socket.hangUp() }
                    try await hosts.carryConsole(
                        console.kind, host: console.hostID, server: console.serverID,
                        client: ConsoleEnd(read: { try await socket.receive() }, write: { try await socket.send($0) }))
                }
            }
        ]
    }

    /// noVNC's page, which opens `path` on the host that it came from.
    static func page(_ token: String, rootURL: String) -> String {
        // Of `https://host/below` what is behind the host: a proxy may serve the cloud below a path.
        let below = rootURL.split(separator: "/", maxSplits: 2).dropFirst(2).map { "\($0)/" }.joined()
        return "\(rootURL)\(pagesPath)/vnc_lite.html?path=\(below)\(socketPath.dropFirst())%3Ftoken%3D\(token)"
    }

    static func socket(_ token: String, rootURL: String) -> String {
        // `http` becomes `ws`, and `https` becomes `wss`.
        "ws\(rootURL.dropFirst("http".count))\(socketPath)?token=\(token)"
    }
}
