import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/servers/{id}/novella-keys`, beyond Nova: the public keys of a server, while it runs too
/// (`docs/decisions/0026-keys-of-running-servers.md`).
struct ServerKeysAPI: Sendable {
    let compute: ComputeService

    private static let path = "/servers/{id}/novella-keys"

    var routes: [Route] {
        var remove = Route(.delete, "\(Self.path)/{fingerprint}", .member, handler: remove)
        remove.query = QueryRule(strictFrom: 1, ["user", "only_metadata"])
        return [
            Route(.get, Self.path, .reader) { request in
                Self.answer(.ok, try await compute.keys(of: request.id(), by: request.caller))
            },
            Route(.post, Self.path, .member, handler: add),
            remove,
        ]
    }

    private static func answer(_ status: HTTPResponse.Status, _ keys: [PublicKey]) -> APIResponse {
        .json(status) { writer in
            writer.array("keys") { writer in
                for key in keys {
                    writer.object {
                        $0.field("fingerprint", key.fingerprint)
                        $0.field("type", key.type ?? "ssh")
                        $0.field("public_key", key.line)
                    }
                }
            }
        }
    }

    private func add(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("key", [])
        try fields.refuseNulls()
        let text = try fields.optionalString("public_key", 1...65_535)
        let pair = try fields.optionalString("key_name", 1...255)
        let user = try fields.optionalString("user")
        let onlyMetadata = try fields.optionalBool("only_metadata") ?? false
        try fields.finish()
        let keys: ServerKeyChange.Keys
        switch (text, pair) {
        case (let text?, nil): keys = .text(text)
        case (nil, let pair?): keys = .pair(pair)
        default:
            throw CloudError.badRequest("Invalid input for field/attribute key: give 'public_key' or 'key_name'.")
        }
        return try await change(keys, user, onlyMetadata, request)
    }

    private func remove(_ request: APIRequest) async throws -> APIResponse {
        var onlyMetadata = false
        if let text = request.query("only_metadata") {
            guard let flag = APIRequest.boolean(text) else {
                throw CloudError.badRequest(
                    "Invalid input for query parameters only_metadata. Value: '\(text.prefix(40))'. It is no boolean.")
            }
            onlyMetadata = flag
        }
        return try await change(
            .fingerprint(request.parameter("fingerprint")), request.query("user"), onlyMetadata, request)
    }

    private func change(
        _ keys: ServerKeyChange.Keys, _ user: String?, _ onlyMetadata: Bool, _ request: APIRequest
    ) async throws -> APIResponse {
        if let user { try Self.check(user, onlyMetadata) }
        let changed = try await compute.change(
            ServerKeyChange(keys, user: user, onlyMetadata: onlyMetadata), of: request.id(), by: request.caller)
        return Self.answer(onlyMetadata ? .ok : .accepted, changed)
    }

    private static func check(_ user: String, _ onlyMetadata: Bool) throws {
        guard user.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.-]{0,31}/) != nil else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute user. Value: \(user.prefix(80)). It is the name of a user of the "
                    + "guest: at most 32 letters, digits and '_.-', no digit first.")
        }
        guard !onlyMetadata else {
            throw CloudError.badRequest("Metadata knows no users: leave 'user' out, or 'only_metadata'.")
        }
    }
}
