package import Model
package import Store

extension IdentityService {
    /// Inserts all that the first administrator needs in one commit.
    package func plant(_ seed: IdentitySeed) async throws {
        var administrator = seed.administrator
        administrator.passwordHash = try await passwords.hash(seed.password, .known(administrator.id.text))
        let user = administrator
        try await change { db in
            for record in seed.records { try db.insert(record) }
            try db.insert(user)
            for grant in seed.grants { try db.insert(grant) }
            for pair in seed.implied {
                try IdentityQueries.addImplication(prior: pair.prior, implied: pair.implied, db)
            }
        }
    }
}

/// What an empty cloud begins with.
package struct IdentitySeed: Sendable {
    /// Domains, projects, roles and the catalog, in an order that foreign keys allow.
    package var records: [any Record]
    package var administrator: User
    package var password: String
    package var grants: [RoleAssignment]
    package var implied: [(prior: RoleID, implied: RoleID)]

    package init(
        records: [any Record], administrator: User, password: String, grants: [RoleAssignment],
        implied: [(prior: RoleID, implied: RoleID)]
    ) {
        self.records = records
        self.administrator = administrator
        self.password = password
        self.grants = grants
        self.implied = implied
    }
}
