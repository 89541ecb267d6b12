import APIKit
import Cloud
import Compute
import Foundation
import HTTPTypes
import Inspection
import Model
import Store
import TestSupport
import Testing

/// The whole cloud on the second store.
@Suite(.timeLimit(.minutes(3)), .enabled(if: StoreKind.hasPostgreSQL, "PostgreSQL is not installed"))
struct PostgreSQLTests {
    /// What ran as part of a cloud is known to work. What did not must at least be understood.
    @Test func everyStatementIsUnderstood() async throws {
        let store = try await ScratchStore(on: .postgresql)
        let recorder = RecordingDatabase(store)
        try await useEveryRoute(recorder)
        try await useEveryFilter(recorder)
        let seen = recorder.statements.map { SQLLiteral.normalised($0) }
        let literals = try Self.sources().flatMap { SQLLiteral.all(in: $0.text, file: $0.name) }
        #expect(literals.count > 80)
        let tables = try Self.tables()
        for (number, literal) in literals.enumerated() where !seen.contains(where: { literal.occurs(in: $0) }) {
            let statement = try #require(
                Self.statement(of: literal, tables),
                "never ran, and cannot be prepared as it stands; let this test make the cloud use it: \(literal)")
            await #expect(throws: Never.self, "\(literal)") {
                try await store.transaction { try $0.execute("PREPARE tried\(number) AS \(statement)", []) }
            }
        }
    }

    @Test func aCloudHasTheTimeOfItsDatabase() async throws {
        let recorder = RecordingDatabase(try await ScratchStore(on: .postgresql))
        let statement = try #require(recorder.timeStatement)
        var options = CloudFixture.Options()
        options.database = recorder
        try await CloudFixture.run(options) { fixture in
            #expect(fixture.cloud.compute.clock is DatabaseClock)
            #expect(recorder.statements.contains(statement))
        }
    }

    @Test func statementsAreFoundInSources() {
        let source = #"""
            // db.execute("SELECT no")
            try db.fetch(
                Host.self, "WHERE a = \(name("x)")) AND b = ?1", [])
            db.execute(
                """
                UPDATE t
                    SET a = 1
                """)
            let other = "Select a host"
            """#
        let found = SQLLiteral.all(in: source, file: "f")
        #expect(found.map(\.pieces) == [["WHERE a = ", " AND b = ?1"], ["UPDATE t SET a = 1"]])
        #expect(found.map(\.recordType) == ["Host", nil])
        #expect(found.first?.occurs(in: "SELECT x FROM hosts WHERE a = c AND b = ?1 LIMIT 1") == true)
        #expect(found.first?.occurs(in: "SELECT x FROM hosts WHERE a = c OR b = ?1") == false)
    }

    /// Each route once with what it wants, and a server from its birth to its end.
    private func useEveryRoute(_ database: any Database) async throws {
        var options = CloudFixture.Options()
        options.database = database
        try await World.run(options) { world in
            let samples = Samples(world)
            for entry in world.routes where entry.isWrite {
                guard let sample = samples[entry] else { continue }
                let answer = try await world.send(entry, as: entry.writer, json: sample)
                let isGood = entry.accepts(answer.status)
                #expect(isGood, "\(entry.name): \(answer)")
            }
            for entry in world.routes where entry.route.method == .get {
                let answer = try await world.send(entry, as: entry.writer)
                #expect(answer.status < 500, "\(entry.name): \(answer)")
            }
            let id = ServerID(world.ids["servers"] ?? "")
            let removal = try await world.fixture.request(.delete, "/compute/v2.1/servers/\(id)", as: .member)
            #expect(removal.status == 204, "\(removal)")
            try await world.fixture.server(id) { $0.settled == .deleted }
            #expect(try await StoreAudit.differences(in: database) == [])
            for entry in world.routes where entry.route.method == .delete {
                let answer = try await world.send(entry, as: entry.writer)
                #expect(answer.status < 500, "\(entry.name): \(answer)")
            }
        }
    }

    /// Each filter and each order of the list of servers; AttributesTests have the other lists.
    private func useEveryFilter(_ database: any Database) async throws {
        let now = Timestamp(microseconds: 1)
        var servers = ServerFilter()
        servers.project = ProjectID("p")
        servers.changedSince = now
        servers.changedBefore = now
        servers.equal = [.user, .host, .flavor, .image, .key, .zone, .reservation, .id].map { ($0, "x") }
        let serverFilter = servers
        try await database.read { db in
            for deleted in [ServerFilter.Deleted.with, .without, .only] {
                for orders in [[true], [false], [true, false]] {
                    var filter = serverFilter
                    filter.deleted = deleted
                    filter.order = ServerFilter.SortKey.allCases.enumerated().map { ($1, orders[$0 % orders.count]) }
                    _ = try ServerQueries.list(filter, after: ServerID("s"), limit: 1, db)
                }
            }
        }
    }
}

// MARK: - The sources

extension PostgreSQLTests {
    /// All that may hold SQL, but migrations, which every test on PostgreSQL applies.
    private static func sources() throws -> [(name: String, text: String)] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.path())
        return try names.sorted().filter { name in
            name.hasSuffix(".swift") && !name.contains("/Store/Migrat") && !name.hasPrefix("Testing/")
                && !name.hasPrefix("Foundations/StoreSQLite/") && !name.hasPrefix("Foundations/StorePostgres/")
        }.map { ($0, try String(contentsOf: root.appending(path: $0), encoding: .utf8)) }
    }

    /// Tables by the type of their records.
    private static func tables() throws -> [String: String] {
        let declaration =
            /extension (\w+): (?:Keyed|Identity)?Record \{\s+package static var table: String \{ "(\w+)" \}/
        let found = try sources().flatMap { $0.text.matches(of: declaration).map { (String($0.1), String($0.2)) } }
        return Dictionary(uniqueKeysWithValues: found)
    }

    /// In PostgreSQL's words; `nil` when the literal alone does not make a statement.
    private static func statement(of literal: SQLLiteral, _ tables: [String: String]) -> String? {
        guard literal.pieces.count == 1 else { return nil }
        let text = literal.pieces[0].replacing(/\?(\d+)/) { "$\($0.1)" }
        guard text.hasPrefix("WHERE") || text.hasPrefix("ORDER BY") else { return text }
        return literal.recordType.flatMap { tables[$0] }.map { "SELECT * FROM \($0) \(text)" }
    }
}
