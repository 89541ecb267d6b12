import Foundation
package import HTTPTypes
package import Hummingbird
package import Model
package import Wire

/// A request as a handler sees it: authorised, negotiated, with its path taken apart.
package struct APIRequest: Sendable {
    package let request: Request
    package let caller: Caller
    package let version: Microversion
    package let parameters: [String: String]
    /// Its query, decoded.
    package let queryParameters: QueryParameters
    /// Parameters of other versions, which this one does not read.
    let ignored: Set<String>
    /// Scheme and host, and a path where the cloud's public address has one, without a slash at the end.
    package let rootURL: String
    /// The prefix of the service, such as `/compute/v2.1`.
    let prefix: String
    /// Where the connection comes from.
    let address: String
    let share: BodyShare

    /// The address of the client, or the part of it that a client cannot choose.
    package var source: String { ClientSource.of(address, forwarded: headers[.forwardedFor]) }

    /// What links within the service begin with.
    package var baseURL: String { rootURL + prefix }

    /// JSON bodies larger than this are refused.
    static let bodyLimit = 1 << 20
    /// The same where no token is asked for.
    static let openBodyLimit = 16 << 10

    package var headers: HTTPFields { request.headers }
    package var path: String { request.uri.path }

    package func parameter(_ name: String) -> String {
        parameters[name] ?? ""
    }

    package func id<Kind>(_ name: String = "id") -> Identifier<Kind> {
        Identifier(parameter(name))
    }

    package func query(_ name: String) -> String? {
        ignored.contains(name) ? nil : queryParameters[name]
    }

    /// All values of a parameter that may be repeated.
    package func queries(_ name: String) -> [String] {
        ignored.contains(name) ? [] : queryParameters.all(name)
    }

    package var queryNames: Set<String> { queryParameters.names }

    /// OpenStack's words for yes and no (oslo.utils, `bool_from_string`); `nil` for others.
    package static func boolean(_ text: String) -> Bool? {
        switch text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() {
        case "1", "t", "true", "on", "y", "yes": true
        case "0", "f", "false", "off", "n", "no": false
        default: nil
        }
    }

    package func integer(_ name: String, minimum: Int = 0) throws -> Int? {
        guard let text = query(name), !text.isEmpty else { return nil }
        guard let number = Int(text), number >= minimum else {
            throw CloudError.badRequest("Invalid query parameter \(name). Value: '\(text.prefix(40))'.")
        }
        return number
    }

    package func time(_ name: String) throws -> Timestamp? {
        guard let text = query(name) else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw CloudError.badRequest(
                "Invalid input for query parameters \(name). Value: '\(text.prefix(40))'. "
                    + "It must be a time in ISO 8601.")
        }
        return time
    }

    package func json() async throws -> JSONValue { try JSONValue(parsing: try await bytes()) }

    private func bytes() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await forEachChunk { chunk in
            try share.take(chunk.count)
            bytes.append(contentsOf: chunk)
        }
        return bytes
    }

    /// For what is asked for by its address alone; null is nothing.
    package func refuseBody() async throws {
        let bytes = try await bytes()
        guard try bytes.isEmpty || JSONValue(parsing: bytes) == .null else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute body. Nothing is to be said here; send none.")
        }
    }

    /// The members of the object that the body wraps in `name`; `members` are those that not every version knows.
    package func body(_ name: String, _ members: [Field<String>] = []) async throws -> Fields {
        var outer = try Fields(try await json())
        let inner = try outer.object(name)
        try outer.finish()
        return inner.knowing(members, at: version)
    }

    /// The body piece by piece, at the pace of `consume`.
    package func forEachChunk(_ consume: ([UInt8]) async throws -> Void) async throws {
        var chunks = request.body.makeAsyncIterator()
        while let chunk = try await next(&chunks) { try await consume(Array(chunk.readableBytesView)) }
    }

    private func next(_ chunks: inout RequestBody.AsyncIterator) async throws -> ByteBuffer? {
        do {
            return try await chunks.next()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw CloudError(.badRequest, "The request body broke off, or is not framed as HTTP wants.", cause: error)
        }
    }
}
