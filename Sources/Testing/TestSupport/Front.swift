import APIKit
import Cloud
package import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
package import Wire

/// What the cloud's edge answered.
package struct Answer: Sendable, CustomStringConvertible {
    package var status: Int
    package var headers: HTTPFields
    package var body: [UInt8]
    /// `null` when the body is no JSON.
    package var json: JSONValue

    /// The value at a path such as `servers.0.name`; header-like keys with dots in them cannot be reached this way.
    package func at(_ path: String) -> JSONValue? {
        json.at(path)
    }

    package func text(_ path: String) -> String {
        if case .string(let text)? = at(path) { text } else { "" }
    }

    package func count(_ path: String) -> Int {
        if case .array(let items)? = at(path) { items.count } else { 0 }
    }

    package func header(_ name: String) -> String {
        HTTPField.Name(name).flatMap { headers[$0] } ?? ""
    }

    package var description: String {
        "\(status) \(String(decoding: body.prefix(600), as: UTF8.self))"
    }
}

extension JSONValue {
    package func at(_ path: String) -> JSONValue? {
        var here: JSONValue? = self
        for part in path.split(separator: ".") {
            switch here {
            case .array(let items)?: here = Int(part).flatMap { items.indices.contains($0) ? items[$0] : nil }
            default: here = here?[String(part)]
            }
        }
        return here
    }
}

/// Speaks to the cloud's edge without a socket.
struct Front: Sendable {
    private let respond: @Sendable (Request, SocketAddress?) async throws -> Response

    init(_ cloud: Cloud, logger: Logger) {
        let door = cloud.frontDoor()
        let nowhere = NIOAsyncTestingChannel()
        respond = { request, address in
            let channel = address == nil ? nowhere : NIOAsyncTestingChannel()
            if let address { channel.remoteAddress = address }
            let source = ApplicationRequestContextSource(channel: channel, logger: logger)
            return try await door.respond(to: request, context: FrontContext(source: source))
        }
    }

    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields, _ body: [UInt8]?, from address: String?
    ) async throws -> Answer {
        var fields = headers
        if let body { fields[.contentLength] = String(body.count) }
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "cloud.test", path: path, headerFields: fields),
            body: RequestBody(buffer: ByteBuffer(bytes: body ?? [])))
        let from = try address.map { try SocketAddress(ipAddress: $0, port: 40_000) }
        let response = try await respond(request, from)
        let gathered = Gathered()
        try await response.body.write(gathered)
        let bytes = gathered.bytes
        var json = JSONValue.null
        if fields[.accept] == nil, let parsed = try? JSONValue(parsing: bytes) { json = parsed }
        return Answer(
            status: response.status.code, headers: response.headers, body: bytes, json: json)
    }
}

/// Collects a body; written from one task only.
private final class Gathered: ResponseBodyWriter, @unchecked Sendable {
    private(set) var bytes: [UInt8] = []

    func write(_ buffer: ByteBuffer) async throws {
        bytes.append(contentsOf: buffer.readableBytesView)
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension CloudFixture {
    /// Asks the cloud's edge, as one of its people or with a token of one's own.
    package func request(
        _ method: HTTPRequest.Method, _ path: String, as role: People.Role? = .member, token: String? = nil,
        version: String? = nil, json: String? = nil, body: [UInt8]? = nil, headers: [String: String] = [:],
        from address: String? = nil
    ) async throws -> Answer {
        var fields = HTTPFields()
        if let token = token ?? role.flatMap({ people.tokens[$0] }) { fields[.authToken] = token }
        if let version { fields[.openStackAPIVersion] = version.contains(" ") ? version : "compute \(version)" }
        if json != nil { fields[.contentType] = "application/json" }
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return try await front.ask(method, path, fields, body ?? json.map { Array($0.utf8) }, from: address)
    }
}
