import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/users/{user}/credentials/OS-EC2`: pairs of keys, the way that clients of EC2 ask for them.
struct EC2CredentialsAPI: Sendable {
    let identity: IdentityService

    var routes: [Route] {
        let base = "/users/{user}/credentials/OS-EC2"
        return [
            Route(.get, base, .authenticated, handler: list),
            Route(.post, base, .authenticated) { request in
                let user = try owner(request, mayLook: false, "ec2_create_credential")
                var fields = try Fields(try await request.json())
                let project = ProjectID(try fields.string("tenant_id", 1...64))
                try fields.finish()
                return try answer(
                    try await identity.createEC2Credential(of: user, in: project), request, .created)
            },
            Route(.get, "\(base)/{id}", .authenticated) { request in
                let user = try owner(request, mayLook: true, "ec2_get_credential")
                return try answer(try await identity.ec2Credential(request.parameter("id"), of: user), request, .ok)
            },
            Route(.delete, "\(base)/{id}", .authenticated) { request in
                let user = try owner(request, mayLook: false, "ec2_delete_credential")
                let found = try await identity.ec2Credential(request.parameter("id"), of: user)
                try await identity.remove(Credential.self, found.id.text, noun: "credential")
                return .noContent
            },
        ]
    }

    /// A user sees the user's own keys; making and deleting them takes a role that may write.
    private func owner(_ request: APIRequest, mayLook: Bool, _ action: String) throws -> UserID {
        let (user, caller): (UserID, Caller) = (request.id("user"), request.caller)
        let isOwn = user == caller.userID
        let mayAct = mayLook ? isOwn || caller.seesAll : isOwn && AccessLevel.member.admits(caller)
        try IdentityPolicy.require((caller.isAdmin || mayAct) && !caller.isRestricted, action)
        return user
    }

    @Sendable
    private func list(_ request: APIRequest) async throws -> APIResponse {
        let user = try owner(request, mayLook: true, "ec2_list_credentials")
        _ = try await identity.user(user)
        let found = try await identity.ec2Credentials(of: user)
        return try .json { writer in
            try writer.array("credentials") { writer in
                for one in found { try Self.write(one, request, to: &writer) }
            }
            writer.object("links") {
                $0.field("self", request.rootURL + request.path)
                $0.null("previous")
                $0.null("next")
            }
        }
    }

    private func answer(
        _ credential: Credential, _ request: APIRequest, _ status: HTTPResponse.Status
    ) throws -> APIResponse {
        try .json(status) { writer in
            writer.key("credential")
            try Self.write(credential, request, to: &writer)
        }
    }

    private static func write(_ credential: Credential, _ request: APIRequest, to writer: inout JSONWriter) throws {
        let blob = try credential.ec2Blob()
        let access = blob["access"]?.text ?? ""
        writer.object { writer in
            writer.field("user_id", credential.userID)
            writer.field("tenant_id", credential.projectID)
            writer.field("access", access)
            writer.field("secret", blob["secret"]?.text)
            writer.field("trust_id", blob["trust_id"]?.text)
            IdentityAPI.writeLinks("users/\(credential.userID)/credentials/OS-EC2/\(access)", request, to: &writer)
        }
    }
}
