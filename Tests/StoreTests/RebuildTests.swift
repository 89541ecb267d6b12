import Model
import Store
import Synchronization
import TestSupport
import Testing

/// A table with rows gets another body: nothing of it or of what refers to it is lost.
@Suite struct RebuildTests {
    private static let made = Migration(
        "9000-made",
        [
            .table(
                "parents",
                """
                id TEXT PRIMARY KEY NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('old', 'young')),
                gone TEXT,
                at INTEGER NOT NULL UNIQUE
                """),
            .sql("CREATE INDEX parents_by_state ON parents (state)"),
            .sql("CREATE UNIQUE INDEX young_parents ON parents (at) WHERE state = 'young'"),
            .table("cascading", child("ON DELETE CASCADE")), .table("refusing", child("")),
            .table("forgetting", child("ON DELETE SET NULL")),
            .table("late", child("DEFERRABLE INITIALLY DEFERRED")),
        ])
    private static let widened = Migration(
        "9001-widened",
        [
            .rebuild(
                "parents",
                """
                id TEXT PRIMARY KEY NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('old', 'young', 'new')),
                at INTEGER NOT NULL UNIQUE,
                kind TEXT NOT NULL
                """, from: ["kind": "'kind of ' || state"])
        ])
    private static let children = ["cascading", "refusing", "forgetting", "late"]

    private static func child(_ action: String) -> String {
        "id TEXT PRIMARY KEY NOT NULL,\nparent_id TEXT REFERENCES parents (id) \(action)"
    }

    private func filled(_ kind: StoreKind) async throws -> ScratchStore {
        let store = try await ScratchStore(on: kind)
        try await store.migrate(Migrations.all + [Self.made])
        try await store.transaction { db in
            for number in 1...100 {
                let values: [SQLValue] = [.text("p\(number)"), .text(number > 50 ? "old" : "young"), .int(number)]
                try db.execute("INSERT INTO parents (id, state, gone, at) VALUES (?1, ?2, 'x', ?3)", values)
                for table in Self.children {
                    try db.execute("INSERT INTO \(table) (id, parent_id) VALUES (?1, ?1)", [values[0]])
                }
            }
        }
        return store
    }

    private func count(_ table: String, in store: ScratchStore) async throws -> Int64? {
        try await store.read { try $0.integer("SELECT count(*) FROM \(table)", []) }
    }

    @Test(arguments: StoreKind.here) func keepsEveryRowAndReference(kind: StoreKind) async throws {
        let store = try await filled(kind)
        try await store.migrate(Migrations.all + [Self.made, Self.widened])
        for table in Self.children { #expect(try await count(table, in: store) == 100, "rows of \(table)") }
        #expect(try await store.columns(of: "parents") == ["id", "state", "at", "kind"])
        #expect(try await store.read { try $0.texts("SELECT kind FROM parents WHERE at = 7") } == ["kind of young"])
        let dump = try await store.schemaDump()
        #expect(dump.contains("parents_by_state") && dump.contains("young_parents"))
        #expect(!dump.contains("parents_before"))
        try await store.transaction { db in
            try db.execute("INSERT INTO parents (id, state, at, kind) VALUES ('n', 'new', 1000, 'k')", [])
            try db.execute("DELETE FROM refusing WHERE id = 'p1'", [])
            try db.execute("DELETE FROM late WHERE id = 'p1'", [])
            try db.execute("DELETE FROM parents WHERE id = 'p1'", [])
        }
        #expect(try await count("cascading", in: store) == 99)
        #expect(try await count("forgetting WHERE parent_id IS NULL", in: store) == 1)
        await #expect(throws: StoreError.self, "it still refers to its parent") {
            try await store.transaction { try $0.execute("DELETE FROM parents WHERE id = 'p2'", []) }
        }
    }

    /// As it was, whatever statement it was that could not be run: a failure, a kill or a loss of power.
    @Test(arguments: StoreKind.here) func isWholeOrNotThere(kind: StoreKind) async throws {
        struct Ended: Error {}
        let store = try await filled(kind)
        let before = try await store.schemaDump()
        var point = 0
        while true {
            let reached = Mutex(0)
            let last = point
            do {
                try await store.migrate(Migrations.all + [Self.made, Self.widened]) { _ in
                    try reached.withLock { reached in
                        if reached == last { throw Ended() }
                        reached += 1
                    }
                }
                break
            } catch is Ended {
                #expect(try await store.schemaDump() == before, "after \(point) statements")
                for table in Self.children + ["parents"] { #expect(try await count(table, in: store) == 100) }
                point += 1
            }
        }
        #expect(point > 6)
        #expect(try await count("parents WHERE kind LIKE 'kind%'", in: store) == 100)
    }

    @Test(arguments: StoreKind.here) func aRowThatTheNewBodyRefusesEndsIt(kind: StoreKind) async throws {
        let store = try await filled(kind)
        let before = try await store.schemaDump()
        let narrowed = Migration(
            "9001-narrowed",
            [.rebuild("parents", "id TEXT PRIMARY KEY NOT NULL,\nstate TEXT NOT NULL CHECK (state = 'old')")])
        let error = await #expect(throws: StoreError.self) {
            try await store.migrate(Migrations.all + [Self.made, narrowed])
        }
        #expect(error?.kind == .checkViolation)
        #expect(try await store.schemaDump() == before)
    }

    @Test(arguments: StoreKind.here) func aReferenceWithoutItsParentEndsIt(kind: StoreKind) async throws {
        let store = try await filled(kind)
        let renamed = Migration(
            "9001-renamed",
            [
                .sql("DROP INDEX parents_by_state"), .sql("DROP INDEX young_parents"),
                .rebuild("parents", "id TEXT PRIMARY KEY NOT NULL", from: ["id": "'new-' || id"]),
            ])
        let error = await #expect(throws: StoreError.self) {
            try await store.migrate(Migrations.all + [Self.made, renamed])
        }
        #expect(error?.kind == .foreignKeyViolation)
        for table in Self.children { #expect(try await count(table, in: store) == 100) }
    }
}
