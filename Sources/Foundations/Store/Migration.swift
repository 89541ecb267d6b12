import Model

/// One step of the schema. Once released it is never changed; a mistake is mended by the next one.
package struct Migration: Sendable {
    package enum Dialect: Sendable { case sqlite, postgresql }

    package enum Statement: Sendable {
        /// A table's name and what stands between its parentheses. Types: INTEGER (64 bits) and TEXT.
        case table(String, String)
        /// A table's name and a column more, with the same types.
        case column(String, String)
        /// Another body for a table with rows: each column gets its expression over the old row, or what it had.
        /// References from other tables and indexes stay; one on a column that goes is to be dropped before.
        case rebuild(String, String, from: [String: String] = [:])
        /// Text that both databases read.
        case sql(String)
    }

    package var name: String
    package var statements: [Statement]

    package init(_ name: String, _ statements: [Statement]) {
        self.name = name
        self.statements = statements
    }

    /// Of what both databases are told: enough to notice an edit of a released migration.
    package var checksum: String {
        let texts = [Dialect.sqlite, .postgresql].flatMap { dialect in statements.map { $0.text(dialect) + ";\n" } }
        return String(FNV1a.hash64(texts.joined()), radix: 16)
    }
}

extension Migration.Statement {
    /// What a database is told; of a rebuild, what it amounts to.
    package func text(_ dialect: Migration.Dialect) -> String {
        switch (self, dialect) {
        case (.table(let name, let body), .sqlite): "CREATE TABLE \(name) (\n\(body)\n) STRICT"
        case (.table(let name, let body), .postgresql): "CREATE TABLE \(name) (\n\(Self.wide(body))\n)"
        case (.column(let table, let definition), .sqlite): "ALTER TABLE \(table) ADD COLUMN \(definition)"
        case (.column(let table, let definition), .postgresql):
            "ALTER TABLE \(table) ADD COLUMN \(Self.wide(definition))"
        case (.rebuild(let name, let body, let from), _):
            Self.table(name, body).text(dialect) + " FROM "
                + from.sorted { $0.key < $1.key }.map { "\($0.value) AS \($0.key)" }.joined(separator: ", ")
        case (.sql(let text), _): text
        }
    }

    private static func wide(_ text: String) -> String { text.replacing("INTEGER", with: "BIGINT") }
}

/// All migrations in order.
package enum Migrations {
    package static let all: [Migration] = [
        identity, image, network, compute, workflow, hostDocuments, serverGroups, workflowTurns,
        networkAttributes, imageMembers, identityAttributes, placementNames,
        subnetPools, agents, trusts, imageStaging, workflowSteps,
        restingStates, serverPlacements, hostTroubles, guestPasswords, uploadLeases, networkGenerations, serverProgress,
        serverMigrations, administration, consoleTokens, setAsideServers, keypairNumbers, serverFiles, startMoments,
    ]

    /// What releases that hashed a description of the statements have written for them.
    static let formerChecksums = [
        "0001-identity": "2fe7776396eca04d", "0002-image": "ceb6f70b6b30aa91", "0003-network": "4978d1c53305e63d",
        "0004-compute": "6bdedc00b3e7f492", "0005-workflow": "93c1d6e315cd2cec",
        "0006-host-documents": "437af9bacc6413f8", "0007-server-groups": "8e73205d000e6d7b",
        "0008-workflow-turns": "c86d3168ea85f62a", "0009-network-attributes": "d45d7e7f0c1e8b7e",
        "0010-image-members": "13a6648551a567aa", "0011-identity-attributes": "424ee42e2861e838",
        "0012-placement-names": "5426a7618d076709", "0013-subnet-pools": "a14f2f304319ef34",
        "0014-agents": "acd25b9f810d599d", "0015-trusts": "149cc388dcfafb14", "0016-image-staging": "237e33e71331990f",
    ]
}
