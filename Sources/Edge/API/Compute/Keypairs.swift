import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-keypairs`. Keys belong to users.
struct KeypairsAPI: Sendable {
    let compute: ComputeService

    private static let members = [Field(since: 2, "type"), Field(since: 10, "user_id")]
    private static let summary: [Field<FieldWriter<Keypair>>] = [
        Field { $1.field("name", $0.name) },
        Field { $1.field("public_key", $0.publicKey) },
        Field { $1.field("fingerprint", $0.fingerprint) },
        Field(since: 2) { $1.field("type", $0.type) },
    ]

    var routes: [Route] {
        [
            Route(.get, "/os-keypairs", .authenticated, handler: list),
            Route(.post, "/os-keypairs", .authenticated, handler: create),
            Route(.get, "/os-keypairs/{name}", .authenticated) { request in
                let found = try await compute.keypair(request.parameter("name"), of: try user(request))
                return .json { writer in
                    writer.object("keypair") { writer in
                        FieldPlan(Self.summary, at: request.version).writeMembers(of: found, to: &writer)
                        writer.field("user_id", found.userID)
                        writer.field("deleted", false)
                        writer.field("created_at", found.createdAt.iso8601(.microsecondsWithoutZone))
                        writer.null("updated_at")
                        writer.null("deleted_at")
                        writer.field("id", found.number)
                    }
                }
            },
            Route(.delete, "/os-keypairs/{name}", .authenticated) { request in
                try await compute.deleteKeypair(request.parameter("name"), of: try user(request))
                return request.version < Microversion(2, 2) ? .accepted : .noContent
            },
        ]
    }

    /// The caller, or from 2.10 for an administrator whom the query names.
    private func user(_ request: APIRequest) throws -> UserID {
        try own(UserID(request.query("user_id") ?? ""), request)
    }

    /// As in Nova, a user without a name is the caller.
    private func own(_ user: UserID, _ request: APIRequest) throws -> UserID {
        guard !user.text.isEmpty else { return request.caller.userID }
        guard user == request.caller.userID || request.caller.isAdmin else {
            throw CloudError(.forbidden, "Policy doesn't allow os_compute_api:os-keypairs to be performed.")
        }
        return user
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        var found = try await compute.keypairs(of: try user(request))
        let page = try Page(request)
        if request.version >= Microversion(2, 35) {
            if let marker = page.marker {
                guard let at = found.firstIndex(where: { $0.name == marker }) else {
                    throw CloudError.badRequest("marker [\(marker)] not found")
                }
                found.removeFirst(at + 1)
            }
            found = Array(found.prefix(page.limit))
        }
        let plan = FieldPlan(Self.summary, at: request.version)
        return .json { writer in
            writer.array("keypairs") { writer in
                for keypair in found {
                    writer.object { writer in
                        writer.key("keypair")
                        plan.write(keypair, to: &writer)
                    }
                }
            }
            if request.version >= Microversion(2, 35) {
                page.writeNext("keypairs_links", last: found.last?.name, count: found.count, request, to: &writer)
            }
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("keypair", Self.members)
        try fields.refuseNulls()
        let name = try checked(try fields.string("name", 1...255), request, fields)
        let publicKey = try fields.optionalString("public_key", 1...65_535)
        let type = try fields.word("type", of: ["ssh", "x509"]) ?? "ssh"
        let asked = try fields.optionalString("user_id", 0...255)
        let user = try own(UserID(asked ?? ""), request)
        try fields.finish()
        let made: Keypair
        var privateKey: String?
        if let publicKey {
            made = try await compute.importKeypair(
                name, type: type, publicKey: publicKey, for: user, by: request.caller)
        } else {
            guard request.version < Microversion(2, 92) else {
                throw CloudError.badRequest(
                    "Invalid input for field/attribute keypair. 'public_key' is a required property.")
            }
            (made, privateKey) = try await compute.generateKeypair(name, type: type, for: user, by: request.caller)
        }
        let secret = privateKey
        return .json(request.version < Microversion(2, 2) ? .ok : .created) { writer in
            writer.object("keypair") { writer in
                FieldPlan(Self.summary, at: request.version).writeMembers(of: made, to: &writer)
                writer.field("user_id", made.userID)
                if let secret { writer.field("private_key", secret) }
            }
        }
    }

    /// Letters, digits, spaces, `_-`, and from 2.92 `@.`.
    private func checked(_ name: String, _ request: APIRequest, _ fields: Fields) throws -> String {
        let signs = request.version >= Microversion(2, 92) ? " _-@." : " _-"
        let isGood = name.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || signs.unicodeScalars.contains(scalar))
        }
        guard isGood, name.trimmingSpaces == name else {
            throw CloudError.badRequest("Keypair name contains unsafe characters: '\(name.prefix(80))'.")
        }
        return name
    }
}
