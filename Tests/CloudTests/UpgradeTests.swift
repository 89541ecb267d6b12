import Cloud
import Compute
import Foundation
import Hypervisor
import Identity
import Inspection
import Logging
import Model
import Store
import TestSupport
import Testing

/// A store of every released schema, with what a cloud of that time held, opened by today's code.
///
/// `Tests/Golden/upgrade/NNNN.sql` holds the rows of a cloud of migration NNNN. It is written once, by
/// `NOVELLA_WRITE_GOLDEN=1`, and kept as it is when the schema goes on.
@Suite(.timeLimit(.minutes(3)))
struct UpgradeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: StoreKind
        let version: Int

        var testDescription: String { "\(Migrations.all[version - 1].name) on \(kind)" }
    }

    static let cases = StoreKind.here.flatMap { kind in
        Migrations.all.indices.map { Case(kind: kind, version: $0 + 1) }
    }

    /// Where the rows of tables are that are there no more.
    private static let moved = ["host_documents": "server_placements"]
    /// What later migrations add rows to.
    private static let grown: Set = ["numbers"]

    @Test(arguments: cases) func isMigratedWithoutADifference(_ one: Case) async throws {
        let recording = try await Recording.of(version: one.version)
        // Given back before the next is taken: there are fewer databases than cases.
        let fresh = try await ScratchStore(on: one.kind).schemaDump()
        let store = try await ScratchStore(on: one.kind, migrated: false)
        try await store.migrate(Array(Migrations.all.prefix(one.version)))
        let loaded = try await recording.load(into: store)
        try await store.migrate()
        #expect(try await store.schemaDump() == fresh)
        #expect(try await StoreAudit.differences(in: store) == [])
        for (name, count) in loaded {
            let table = Self.moved[name] ?? name
            let kept = try await store.read { try $0.integer("SELECT count(*) FROM \(table)", []) }
            let isKept = Self.grown.contains(table) ? kept ?? 0 >= Int64(count) : kept == Int64(count)
            #expect(isKept, "\(kept ?? 0) rows of \(table), not \(count)")
        }
    }

    @Test(arguments: StoreKind.here) func itsPeopleAndServersAreThere(_ kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind, migrated: false)
        try await store.migrate(Array(Migrations.all.prefix(4)))
        _ = try await Recording.of(version: 4).load(into: store)
        try await store.migrate()
        let folder = FileManager.default.temporaryDirectory.path + "/novella-test-\(UUIDText.random())"
        var options = Cloud.Options(stateDirectory: folder)
        options.database = store
        options.passwords = Passwords(cost: .init(rounds: 1 << 4))
        let cloud = try Cloud(options, logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await cloud.prepare()
        let domain = AuthenticationRequest.DomainReference.id(Domain.defaultID)
        let (token, _) = try await cloud.identity.authenticate(
            AuthenticationRequest(
                proof: .password(user: .name("member", domain: domain), password: People.password),
                scope: .projectName("demo", domain: domain)))
        let caller = try await cloud.identity.caller(token: token, requestID: "req-upgrade")
        let states = try await store.read { db in
            try db.fetch(Server.self, "WHERE project_id = ?1 ORDER BY name", [.text(try caller.project().text)])
                .map { "\($0.name) \($0.settled)" }
        }
        #expect(states == ["broken error", "gone deleted", "off stopped", "on active"])
        let (parts, generations) = try await store.read { db in
            let (networks, routers) = (try db.fetch(Network.self).count, try db.fetch(Router.self).count)
            return (
                networks + routers + 2 * (try db.fetch(SecurityGroup.self).count),
                try db.texts("SELECT generation FROM network_generations")
            )
        }
        #expect(generations.count == parts && parts > 0 && generations.allSatisfy { $0.hasPrefix("feed ") })
        try FileManager.default.removeItem(atPath: folder)
    }
}

extension UpgradeTests {
    /// The command of a reboot under way is in its document before, and a row after.
    @Test(arguments: StoreKind.here, [(nil, "waiting"), ("w", "done")])
    func aRebootUnderWayGoesOn(_ kind: StoreKind, _ one: (completed: String?, state: String)) async throws {
        let store = try await ScratchStore(on: kind, migrated: false)
        try await store.migrate(Array(Migrations.all.prefix(18)))
        _ = try await Recording.of(version: 18).load(into: store)
        try await store.transaction { db in
            try db.execute(
                """
                UPDATE servers SET operation = 'reboot_hard', workflow_id = 'w', completed_command = ?1
                WHERE settled = 'active'
                """, [.text(one.completed)])
            try db.execute(
                """
                INSERT INTO workflows (id, kind, server_id, action, project_id, user_id, request_id, input, outputs,
                    step, direction, attempt, lease_epoch, lease_until, wake_at, deadline, signals, created_at,
                    updated_at)
                SELECT 'w', 'reboot-server', id, 'reboot', project_id, user_id, 'req-w', '{}', '{}', 'guest', 'forward',
                    0, 0, 0, 0, 9, 0, 1, 2 FROM servers WHERE settled = 'active'
                """, [])
        }
        try await store.migrate()
        let commands = try await store.read { try $0.fetch(HostCommand.self) }
        #expect(commands.map(\.id.text) == ["w"] && commands.map(\.state.rawValue) == [one.state])
        #expect(commands.first?.action == .rebootHard && commands.first?.requestID == "req-w")
        let placement = try await store.read { db in
            try ServerPlacementQueries.current(of: try #require(commands.first).serverID, db)
        }
        #expect(placement?.hostID == commands.first?.hostID && placement?.observedPower == .running)
        #expect(placement?.consumerID == placement?.serverID.text && placement?.isAnswered == true)
    }
}

/// The rows of a cloud, one INSERT a line, in an order that foreign keys allow.
private struct Recording {
    private let lines: [Substring]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/upgrade")

    /// Recorded at that version, or at the first one after it of which there is a recording: rows of tables that came
    /// later are left out of it.
    static func of(version: Int) async throws -> Recording {
        if ProcessInfo.processInfo.environment["NOVELLA_WRITE_GOLDEN"] == "1" { try await recordWhatIsMissing() }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let file = try #require(
            files.first { Int($0.prefix(4)) ?? 0 >= version },
            "No recording is as new as \(Migrations.all[version - 1].name); NOVELLA_WRITE_GOLDEN=1 makes one.")
        let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        return Recording(lines: text.split(separator: "\n"))
    }

    /// Each host has a feed of its own now.
    private static let formerHostFeed = "INSERT INTO change_feed (topic, sequence) VALUES ('hosts'"

    /// Returns how many rows there are now of each table.
    func load(into store: ScratchStore) async throws -> [String: Int] {
        let tables = try await store.tables()
        let statements = lines.map { (table: String($0.split(separator: " ")[2]), sql: String($0)) }
            .filter { tables.contains($0.table) && !$0.sql.hasPrefix(Self.formerHostFeed) }
        let counts = Dictionary(grouping: statements, by: \.table).mapValues(\.count)
        try #require(!counts.isEmpty)
        try await store.transaction { db in
            // A migration may have put rows of its own there.
            try db.execute("DELETE FROM change_feed WHERE topic <> 'hosts'", [])
            if tables.contains("numbers") { try db.execute("DELETE FROM numbers", []) }
            for statement in statements { try db.execute(statement.sql, []) }
        }
        return counts
    }

    private static func recordWhatIsMissing() async throws {
        for (version, hasServers) in [(3, false), (Migrations.all.count, true)] {
            let file = folder.appending(path: "\(Migrations.all[version - 1].name.prefix(4)).sql")
            if FileManager.default.fileExists(atPath: file.path) { continue }
            let old = try ScratchStore(migrated: false)
            try await old.migrate(Array(Migrations.all.prefix(version)))
            let tables = try await old.tables()
            try await CloudFixture.run { fixture async throws in
                if hasServers { try await Self.makeServers(fixture) }
                let text = try await Self.rows(of: tables, in: fixture.cloud.database)
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file, options: .atomic)
            }
        }
    }

    /// One of each kind of rest that a server comes to.
    private static func makeServers(_ fixture: CloudFixture) async throws {
        let on = try await fixture.boot("on")
        _ = try await fixture.cloud.compute.consoleToken(
            .vnc, of: on, for: "get_vnc_console", by: fixture.people.member)
        let off = try await fixture.boot("off")
        let gone = try await fixture.boot("gone")
        try await fixture.cloud.compute.begin(.stop, on: off, by: fixture.people.member)
        try await fixture.server(off) { $0.settled == .stopped && $0.operation == nil }
        try await fixture.cloud.compute.begin(.delete, on: gone, by: fixture.people.member)
        try await fixture.server(gone) { $0.settled == .deleted }
        fixture.host.driver.fail(.start)
        for made in try await fixture.create("broken") {
            try await fixture.server(made.id) { $0.settled == .error && $0.operation == nil }
        }
    }

    private static func rows(of tables: Set<String>, in database: any Database) async throws -> String {
        try await database.read { db in
            var left = try db.texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
                .filter { tables.contains($0) && $0 != "migrations" }
            var ordered: [String] = []
            // What is referred to comes first.
            while !left.isEmpty {
                let next = try left.firstIndex { name in
                    let others = try db.texts("SELECT \"table\" FROM pragma_foreign_key_list(?1)", [.text(name)])
                    return others.allSatisfy { $0 == name || !left.contains($0) }
                }
                ordered.append(left.remove(at: try #require(next, "tables refer to one another: \(left)")))
            }
            return try ordered.flatMap { try rows(of: $0, db) }.joined()
        }
    }

    private static func rows(of table: String, _ db: any Connection) throws -> [String] {
        let columns = try db.texts("SELECT name FROM pragma_table_info('\(table)')")
        let values = columns.map { "quote(\($0))" }.joined(separator: " || ', ' || ")
        return try db.texts("SELECT \(values) FROM \(table) ORDER BY rowid").map { row in
            try #require(!row.contains("\n"), "a value of \(table) has two lines")
            return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(row))\n"
        }
    }
}
