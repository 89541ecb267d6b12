import Model
import Store

/// How a user stands to a scope, as the rows have it.
struct Standing: Sendable {
    static var refused: CloudError {
        CloudError(.unauthorized, "The user has no access to this scope, or it is disabled.")
    }

    var ownEpoch: Int
    var epoch: Int
    /// Without implied ones.
    var roles: Set<RoleID> = []
    var credential: ApplicationCredential?

    init(
        of userID: UserID, in scope: Caller.Scope, by credentialID: ApplicationCredentialID?, _ db: any Connection
    ) throws {
        guard let user = try db.find(User.self, key: .id(userID)), user.enabled else { throw Self.refused }
        ownEpoch = user.epoch
        epoch = user.epoch + (try Self.epoch(of: user.domainID, db))
        switch scope {
        case .unscoped: break
        case .project(let id):
            guard let project = try db.find(Project.self, key: .id(id)), project.enabled else { throw Self.refused }
            epoch += project.epoch + (try Self.epoch(of: project.domainID, db))
            roles = try Self.roles(userID, .project, id.text, db)
        case .domain(let id):
            epoch += try Self.epoch(of: id, db)
            roles = try Self.roles(userID, .domain, id.text, db)
        case .system: roles = try Self.roles(userID, .system, "all", db)
        }
        guard let credentialID else { return }
        guard let found = try db.find(ApplicationCredential.self, key: .id(credentialID)), found.userID == userID,
            scope == .project(found.projectID)
        else { throw Self.refused }
        credential = found
    }

    /// The epoch of a domain that is there and enabled.
    private static func epoch(of id: DomainID, _ db: any Connection) throws -> Int {
        guard let domain = try db.find(Domain.self, key: .id(id)), domain.enabled else { throw refused }
        return domain.epoch
    }

    private static func roles(
        _ user: UserID, _ target: RoleAssignment.Target, _ id: String, _ db: any Connection
    ) throws -> Set<RoleID> {
        Set(try GrantQueries.roles(of: user, on: target, id, db).map(\.id))
    }
}
