package import Attributes
package import Model
import Store
import Wire

extension IdentityService {
    package func user(_ id: UserID) async throws -> User {
        try await find(User.self, id.text, noun: "user")
    }

    package func create(user: User, password: String?) async throws -> User {
        var user = user
        if let password { user.passwordHash = try await passwords.hash(password, .known(user.id.text)) }
        try await create(user, noun: "user")
        return user
    }

    package func create(user wishes: Wishes<User>, domain: DomainID?) async throws -> UserID {
        let domainID = wishes["domain_id"].map { DomainID($0.text) } ?? domain ?? Domain.defaultID
        var draft = User(id: .randomUndashed(), name: "", domainID: domainID)
        if let password = wishes["password"]?.optionalText {
            draft.passwordHash = try await passwords.hash(password, .known(draft.id.text))
        }
        let user = draft
        try await create(user, wishes, noun: "user") { user, db in
            try Self.check(domain: domainID, db)
            try Self.check(defaultProject: user, db)
        }
        return user.id
    }

    /// Users and groups are made in domains that are there.
    static func check(domain id: DomainID, _ db: any Connection) throws {
        guard try db.find(Domain.self, key: .id(id)) != nil else { throw notFound("domain", id.text) }
    }

    private static func check(defaultProject user: User, _ db: any Connection) throws {
        guard let project = user.defaultProjectID,
            try db.find(Domain.self, key: .text(project.text)) != nil
        else { return }
        throw CloudError.badRequest("User's default project ID cannot be a domain ID: \(project)")
    }

    /// Changes a user; a new password or a disabling ends every token of the user.
    package func update(user id: UserID, _ wishes: Wishes<User>) async throws {
        var hash: String?
        if let password = wishes["password"]?.optionalText {
            hash = try await passwords.hash(password, .known(id.text))
        }
        let (newHash, hasPassword) = (hash, wishes["password"] != nil)
        try await update(User.self, id.text, wishes, noun: "user") { old, new, db in
            if let domain = wishes["domain_id"], domain.text != old.domainID.text {
                throw CloudError.badRequest("Cannot change Domain ID")
            }
            try Self.check(defaultProject: new, db)
            if hasPassword { new.passwordHash = newHash }
            if hasPassword || (old.enabled && !new.enabled) { new.epoch += 1 }
        }
    }

    /// Changes one's own password, given the old one; `source` is where it is asked from.
    package func changePassword(
        of id: UserID, from old: String, to new: String, source: String
    ) async throws {
        let turn = PasswordTurn(source: source, name: id.text)
        let found = try await database.read { try $0.find(User.self, key: .id(id)) }
        guard try await passwords.verify(old, against: found?.passwordHash, turn), let user = found else {
            throw CloudError(.unauthorized, "Error when changing user password: Invalid user / password")
        }
        guard try !KeptObject.flag("lock_password", in: user.options) else {
            throw CloudError.badRequest(
                "You cannot change your password at this time due to password policy disallowing password changes. "
                    + "Please contact your administrator to reset your password.")
        }
        let hash = try await passwords.hash(new, turn)
        try await change { db in
            guard var user = try db.find(User.self, key: .id(id)) else { throw Self.notFound("user", id.text) }
            user.passwordHash = hash
            user.epoch += 1
            try db.update(user)
        }
    }

    /// Whether the methods that were used are enough for somebody who asked for more than one.
    func satisfies(_ methods: [String], _ user: User) throws -> Bool {
        guard user.options != "{}" else { return true }
        let options = JSONValue.object(try KeptObject.members(user.options))
        guard options["multi_factor_auth_enabled"] != false, let rules = options["multi_factor_auth_rules"]?.items,
            !rules.isEmpty
        else { return true }
        // A method that this cloud does not have is no part of a rule.
        let known: Set = ["password", "token", "application_credential"]
        return rules.contains { Set($0.texts).intersection(known).isSubset(of: methods) }
    }
}
