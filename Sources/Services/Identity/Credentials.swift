package import Attributes
import Cryptography
import Foundation
package import Model
import Store
package import Wire

/// Credentials for programs: those that give tokens, and those that are only kept.
extension IdentityService {
    /// What a client wants of an application credential.
    package struct WantedCredential: Sendable {
        package var name: String
        package var description: String?
        package var secret: String?
        /// Ids or names; all of the token's when there are none.
        package var roles: [RoleReference]
        package var isUnrestricted: Bool
        package var expiresAt: Timestamp?

        package init(
            name: String, description: String?, secret: String?, roles: [RoleReference], isUnrestricted: Bool,
            expiresAt: Timestamp?
        ) {
            self.name = name
            self.description = description
            self.secret = secret
            self.roles = roles
            self.isUnrestricted = isUnrestricted
            self.expiresAt = expiresAt
        }
    }

    package enum RoleReference: Sendable {
        case id(RoleID)
        case name(String)
    }

    /// Makes one, and says its secret this once.
    package func create(
        _ wanted: WantedCredential, by caller: Caller
    ) async throws -> (ApplicationCredential, secret: String) {
        let project = try caller.project()
        guard wanted.expiresAt.map({ $0 > clock.now() }) ?? true else {
            throw CloudError.badRequest("Invalid application credential: The expiration time is in the past.")
        }
        let held = try await resolve(user: caller.userID, scope: caller.scope).roleIDs
        let roles = try await choose(wanted.roles, of: held, in: caller.roles)
        let secret = wanted.secret ?? Self.randomSecret()
        let credential = ApplicationCredential(
            id: .randomUndashed(), userID: caller.userID, projectID: project, name: wanted.name,
            description: wanted.description, secretHash: try await passwords.hash(secret, .known(caller.userID.text)),
            roles: try JSONText(roles.map(\.text).sorted()), isUnrestricted: wanted.isUnrestricted,
            expiresAt: wanted.expiresAt)
        try await create(credential, noun: "application_credential")
        return (credential, secret)
    }

    private static func randomSecret() -> String {
        Base64URL.encode(Data(Secrets.random(64)))
    }

    /// Nobody passes on a role that is not held, or that the token does not have.
    private func choose(
        _ wanted: [RoleReference], of held: Set<RoleID>, in names: Set<String>
    ) async throws -> Set<RoleID> {
        let known = try await list(Role.self).filter { held.contains($0.id) && names.contains($0.name) }
        guard !wanted.isEmpty else { return Set(known.map(\.id)) }
        return Set(
            try wanted.map { reference in
                let role =
                    switch reference {
                    case .id(let id): known.first { $0.id == id }
                    case .name(let name): known.first { $0.name == name }
                    }
                guard let role else {
                    throw CloudError.badRequest(
                        "Invalid application credential: Could not find role assignment with the role that was asked "
                            + "for, on this project, of this user.")
                }
                return role.id
            })
    }

    /// Makes a credential that is only kept. One of EC2 is known by the access key in its blob.
    package func create(credential wishes: Wishes<Credential>) async throws -> CredentialID {
        var draft = Credential(id: .randomUndashed(), userID: UserID(""), type: "", blob: "")
        try wishes.apply(to: &draft)
        if draft.isEC2 {
            guard draft.projectID != nil else { throw CloudError.badRequest("'project_id' is a required property") }
            draft.id = try Credential.id(ofAccessKey: try draft.ec2Blob()["access"]?.text ?? "")
        }
        try await create(draft, noun: "credential")
        return draft.id
    }

    /// What a credential of EC2 stands for stays; its keys may change.
    package func update(credential id: String, _ wishes: Wishes<Credential>) async throws {
        try await update(Credential.self, id, wishes, noun: "credential") { old, new, _ in
            guard new.isEC2 else { return }
            let (before, after) = (try old.ec2Blob(), try new.ec2Blob())
            for name in ["trust_id", "app_cred_id", "access_token_id", "access_id"] where before[name] != after[name] {
                throw CloudError.badRequest("\(name) can not be updated for credential")
            }
        }
    }

    /// The keys of EC2 that a user has.
    package func ec2Credentials(of user: UserID) async throws -> [Credential] {
        try await database.read { db in
            try db.fetch(Credential.self, "WHERE user_id = ?1 ORDER BY id", [.id(user)]).filter(\.isEC2)
        }
    }

    package func ec2Credential(_ accessKey: String, of user: UserID) async throws -> Credential {
        let id = try Credential.id(ofAccessKey: accessKey)
        guard let found = try await credential(id), found.userID == user, found.isEC2 else {
            throw Self.notFound("credential", accessKey)
        }
        return found
    }

    /// Makes a pair of keys for a user in a project.
    package func createEC2Credential(of user: UserID, in project: ProjectID) async throws -> Credential {
        _ = try await self.user(user)
        _ = try await find(Project.self, project.text, noun: "project")
        let (access, secret) = (CredentialID.randomUndashed().text, CredentialID.randomUndashed().text)
        let blob = JSONValue.object([
            .init(key: "access", value: .string(access)), .init(key: "secret", value: .string(secret)),
            .init(key: "trust_id", value: .null),
        ])
        let made = Credential(
            id: try Credential.id(ofAccessKey: access), userID: user, projectID: project, type: "ec2",
            blob: blob.jsonText)
        try await create(made, noun: "credential")
        return made
    }

    package func credential(_ id: CredentialID) async throws -> Credential? {
        try await database.read { try $0.find(Credential.self, key: .id(id)) }
    }

    package func applicationCredentials(of user: UserID, named name: String?) async throws -> [ApplicationCredential] {
        try await database.read { db in
            let all = try db.fetch(ApplicationCredential.self, "WHERE user_id = ?1 ORDER BY name", [.id(user)])
            return name.map { name in all.filter { $0.name == name } } ?? all
        }
    }

    package func applicationCredential(_ id: String, of user: UserID) async throws -> ApplicationCredential {
        let found = try await database.read { try $0.find(ApplicationCredential.self, key: .text(id)) }
        guard let found, found.userID == user else {
            throw CloudError(.notFound, "Could not find Application Credential: \(id.prefix(80)).")
        }
        return found
    }

    package func deleteApplicationCredential(_ id: String, of user: UserID) async throws {
        let found = try await applicationCredential(id, of: user)
        try await change { _ = try $0.delete(ApplicationCredential.self, key: .id(found.id)) }
    }
}

extension Credential {
    var isEC2: Bool { type.lowercased() == "ec2" }

    static func id(ofAccessKey key: String) throws -> CredentialID {
        CredentialID(hexDigits(try HashFunction.sha256.hash(Array(key.utf8))))
    }

    /// The blob of a credential of EC2: an object that names an access key at least.
    package func ec2Blob() throws -> JSONValue {
        guard let value = try? JSONValue(parsing: Array(blob.utf8)), case .object = value else {
            throw CloudError.badRequest("Invalid blob in credential")
        }
        guard case .string(let key) = value["access"] ?? .null, !key.isEmpty else {
            throw CloudError.badRequest("Expecting to find access in credential.")
        }
        return value
    }
}
