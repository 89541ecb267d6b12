/// One step of the schema. Once released it is never changed; a mistake is mended by the next one.
package struct Migration: Sendable {
    package enum Dialect: Sendable { case sqlite, postgresql }

    package enum Statement: Sendable {
        /// A table's name and what stands between its parentheses. Types: INTEGER (64 bits) and TEXT.
        case table(String, String)
        /// A table's name and a column more, with the same types.
        case column(String, String)
        /// Text that both databases read.
        case sql(String)
    }

    package var name: String
    package var statements: [Statement]

    package init(_ name: String, _ statements: [Statement]) {
        self.name = name
        self.statements = statements
    }

    package func statements(for dialect: Dialect) -> [String] {
        statements.map { statement in
            switch (statement, dialect) {
            case (.table(let name, let body), .sqlite): "CREATE TABLE \(name) (\n\(body)\n) STRICT"
            case (.table(let name, let body), .postgresql):
                "CREATE TABLE \(name) (\n\(body.replacing("INTEGER", with: "BIGINT"))\n)"
            case (.column(let table, let definition), .sqlite): "ALTER TABLE \(table) ADD COLUMN \(definition)"
            case (.column(let table, let definition), .postgresql):
                "ALTER TABLE \(table) ADD COLUMN \(definition.replacing("INTEGER", with: "BIGINT"))"
            case (.sql(let text), _): text
            }
        }
    }

    /// FNV-1a of the portable text: enough to notice an edit of a released migration.
    package var checksum: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(statements)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return String(hash, radix: 16)
    }
}

/// All migrations in order.
package enum Migrations {
    package static let all: [Migration] = [
        identity, image, network, compute, workflow, hostDocuments, serverGroups, workflowTurns,
        networkAttributes, imageMembers, identityAttributes, placementNames,
        subnetPools, agents, trusts, imageStaging,
    ]
}
