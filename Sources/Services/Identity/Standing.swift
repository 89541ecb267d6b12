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
    var trust: Trust?

    init(
        of userID: UserID, in scope: Caller.Scope, by credentialID: ApplicationCredentialID?, under trustID: TrustID?,
        _ db: any Connection
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
        if let trustID { try follow(TrustQueries.chain(trustID, db), userID, scope, db) }
        guard let credentialID else { return }
        guard let found = try db.find(ApplicationCredential.self, key: .id(credentialID)), found.userID == userID,
            scope == .project(found.projectID)
        else { throw Self.refused }
        credential = found
    }

    /// Stands for the first trustor of the chain. Everybody in it must be there still, and whatever ends the tokens of
    /// one of them ends this one.
    private mutating func follow(
        _ chain: [Trust], _ trustee: UserID, _ scope: Caller.Scope, _ db: any Connection
    ) throws {
        guard let own = chain.first, let first = chain.last, first.redelegatedTrustID == nil,
            own.trusteeID == trustee, let project = own.projectID, scope == .project(project)
        else { throw Self.refused }
        for person in Set(chain.flatMap { [$0.trustorID, $0.trusteeID] }).subtracting([trustee]) {
            guard let user = try db.find(User.self, key: .id(person)), user.enabled else { throw Self.refused }
            epoch += user.epoch + (try Self.epoch(of: user.domainID, db))
        }
        roles = try Self.roles(first.trustorID, .project, project.text, db)
        trust = own
    }

    /// The roles out of which the token was given some; all of them where it names none.
    func chosenRoles() throws -> Set<RoleID>? {
        guard let chosen = credential?.roles ?? trust?.roles else { return nil }
        return Set(try chosen.value().map { RoleID($0) })
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
