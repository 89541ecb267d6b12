import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/servers/{id}/remote-consoles`, the actions before it, and `/os-console-auth-tokens`.
struct RemoteConsolesAPI: Sendable {
    let compute: ComputeService

    /// The newest version with an action for each kind of console.
    static let lastAction = Microversion(2, 5)

    private static let protocols = [
        Field("vnc"), Field("spice"), Field("serial"), Field("rdp"), Field(since: 8, "mks"),
    ]
    private static let types = [
        Field("novnc"), Field("xvpvnc"), Field("spice-html5"), Field("serial"), Field("rdp-html5"),
        Field(since: 8, "webmks"), Field(since: 99, "spice-direct"),
    ]

    var routes: [Route] {
        var showToken = Route(.get, "/os-console-auth-tokens/{token}", .admin, handler: show)
        showToken.hidesPath = true
        return [
            Route(
                .post, "/servers/{id}/remote-consoles", .member,
                versions: Microversion(2, 6)...VersionRange.compute.maximum, handler: create),
            showToken,
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("remote_console")
        try fields.refuseNulls()
        let protocolName = try Self.word("protocol", of: Self.protocols.shown(at: request.version), in: &fields)
        let type = try Self.word("type", of: Self.types.shown(at: request.version), in: &fields)
        try fields.finish()
        let url = try await url(request, protocolName, type)
        return .json { writer in
            writer.object("remote_console") { writer in
                writer.field("protocol", protocolName)
                writer.field("type", type)
                writer.field("url", url)
            }
        }
    }

    /// An action such as `os-getVNCConsole`.
    func act(
        _ request: APIRequest, _ body: JSONValue, _ protocolName: String, _ types: [String]
    ) async throws -> APIResponse {
        var fields = try Fields(body, at: "the action")
        try fields.refuseNulls()
        let type = try Self.word("type", of: types, in: &fields)
        try fields.finish()
        let url = try await url(request, protocolName, type)
        return .json { writer in
            writer.object("console") { writer in
                writer.field("type", type)
                writer.field("url", url)
            }
        }
    }

    private static func word(_ name: String, of words: [String], in fields: inout Fields) throws -> String {
        try fields.require(name)
        return try fields.word(name, of: words.sorted()) ?? ""
    }

    private func url(_ request: APIRequest, _ protocolName: String, _ type: String) async throws -> String {
        let (id, method): (ServerID, String) = (request.id(), "get_\(protocolName)_console")
        switch (protocolName, type) {
        case ("vnc", "novnc"):
            let token = try await compute.consoleToken(.vnc, of: id, for: method, by: request.caller)
            return ConsoleAPI.page(token, rootURL: request.rootURL)
        case ("serial", "serial"):
            let token = try await compute.consoleToken(.serial, of: id, for: method, by: request.caller)
            return ConsoleAPI.socket(token, rootURL: request.rootURL)
        case ("rdp", _):
            _ = try await compute.server(id, by: request.caller)
            throw CloudError.badRequest("Unavailable console type rdp.")
        case ("spice", _), ("mks", _):
            try await compute.checkConsole(of: id, for: method, by: request.caller)
            throw CloudError.badRequest("Unavailable console type \(type).")
        default:
            try await compute.checkConsole(of: id, for: method, by: request.caller)
            throw CloudError.badRequest("Invalid console type \(type)")
        }
    }

    /// There is no port on a host to tell of: what opens consoles is the cloud itself.
    private func show(_ request: APIRequest) async throws -> APIResponse {
        guard request.version >= Microversion(2, 31) else {
            throw CloudError.badRequest(
                "The server could not comply with the request since it is either malformed or otherwise incorrect.")
        }
        guard let found = try await compute.console(of: request.parameter("token")) else {
            throw CloudError(.notFound, "Token not found")
        }
        let host = try await compute.host(found.hostID)
        return .json { writer in
            writer.object("console") { writer in
                writer.field("instance_uuid", found.serverID)
                writer.field("host", host.hostname)
                writer.field("port", 0)
                writer.null("internal_access_path")
            }
        }
    }
}
