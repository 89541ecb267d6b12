import Cryptography
import Foundation
package import Model
import Store

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
            description: wanted.description, secretHash: try await passwords.hash(secret),
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
