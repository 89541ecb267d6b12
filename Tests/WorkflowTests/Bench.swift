import Logging
import Model
import Store
import Synchronization
import TestSupport
import Workflow

/// A store, a clock that the test turns, and what steps did, in order.
struct Bench: Sendable {
    let database: WatchedDatabase
    let clock: ManualClock
    let journal = Journal()
    var lingerSeconds = 0.0

    init() throws {
        self.init(on: try ScratchStore(), ManualClock())
    }

    init(on store: any Database, _ clock: ManualClock) {
        database = WatchedDatabase(store)
        self.clock = clock
    }

    /// - Parameter clock: of its own process; `nil` for the one that the test turns.
    func runner(
        _ definitions: [WorkflowDefinition], clock own: (any CloudClock)? = nil, intake: WorkflowIntake? = nil
    ) -> WorkflowRunner {
        var limits = WorkflowRunner.Limits()
        limits.lingerSeconds = lingerSeconds
        return WorkflowRunner(
            database: database, clock: own ?? clock, definitions: definitions, limits: limits, intake: intake,
            logger: Self.logger)
    }

    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Runs `body` beside a runner, which is stopped and has ended when this returns.
    func withRunner(
        _ definitions: [WorkflowDefinition], _ body: @Sendable (WorkflowRunner) async throws -> Void
    ) async throws {
        let runner = runner(definitions)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await runner.run() }
            defer { group.cancelAll() }
            try await body(runner)
        }
    }

    /// The same with a runner that takes what services bring to `intake`.
    func withRunner(
        _ definition: WorkflowDefinition, takingFrom intake: WorkflowIntake, _ body: @Sendable () async throws -> Void
    ) async throws {
        let runner = runner([definition], intake: intake)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await runner.run() }
            defer { group.cancelAll() }
            try await eventually("the runner takes work") { intake.isOpen }
            try await body()
        }
    }

    @discardableResult
    func add(
        _ kind: String = "test", id: String = "w1", server: ServerID? = nil, deadlineSeconds: Double = 3600
    ) async throws -> WorkflowID {
        let now = clock.now()
        let record = WorkflowRecord(
            id: WorkflowID(id), kind: kind, serverID: server, action: "test", projectID: ProjectID("p"),
            userID: UserID("u"), requestID: "req-1", outputs: try JSONText([:]), wakeAt: now,
            deadline: now.advanced(seconds: deadlineSeconds), createdAt: now, updatedAt: now)
        try await database.transaction { try $0.insert(record) }
        return record.id
    }

    func record(_ id: WorkflowID) async throws -> WorkflowRecord {
        try await database.read { try $0.find(WorkflowRecord.self, key: .id(id)) } ?? { throw Missing() }()
    }

    func finished(_ id: WorkflowID) async throws -> WorkflowRecord {
        try await database.until { try $0.find(WorkflowRecord.self, key: .id(id))?.finishedAt != nil }
        return try await record(id)
    }

    /// The row once it rests until a time to come, and nobody holds it.
    func napping(_ id: WorkflowID) async throws -> WorkflowRecord {
        let now = clock.now()
        try await database.until { db in
            guard let record = try db.find(WorkflowRecord.self, key: .id(id)) else { return false }
            return record.leaseUntil.microseconds == 0 && record.wakeAt > now
        }
        return try await record(id)
    }

    /// Turns the clock from nap to nap until the workflow has ended.
    func finishedThroughNaps(_ id: WorkflowID) async throws -> WorkflowRecord {
        while true {
            let now = clock.now()
            try await database.until { db in
                guard let record = try db.find(WorkflowRecord.self, key: .id(id)) else { return false }
                return record.finishedAt != nil || record.leaseUntil.microseconds == 0 && record.wakeAt > now
            }
            let found = try await record(id)
            if found.finishedAt != nil { return found }
            clock.advance(to: found.wakeAt)
        }
    }

    /// The marks that step commits left in the store.
    func marks() async throws -> Set<String> {
        Set(try await database.read { try $0.fetch(Region.self).map(\.id) })
    }

    struct Missing: Error {}
}

/// What happened, in order.
final class Journal: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    /// Writes a line; says how often it stands there now.
    @discardableResult
    func write(_ line: String) -> Int {
        lines.withLock { lines in
            lines.append(line)
            return lines.count { $0 == line }
        }
    }
}

/// Holds a step until the test lets it go.
final class Gate: Sendable {
    private let reached = AsyncStream.makeStream(of: Void.self)
    private let opened = AsyncStream.makeStream(of: Void.self)

    /// For the step; also ends when its runner is stopped.
    func pass() async {
        reached.continuation.finish()
        for await _ in opened.stream {}
    }

    func waitUntilReached() async {
        for await _ in reached.stream {}
    }

    func open() {
        opened.continuation.finish()
    }
}

/// Leaves a mark in the store; a second one of the same name is refused by the store.
func mark(_ name: String) -> StepCommit {
    { db in try db.insert(Region(id: name)) }
}

extension Bench {
    /// Steps `a`, `b` and `c`, which write what they do into the journal and leave a mark each.
    func threeSteps(
        before: @escaping @Sendable (String, Int) async throws -> Void = { _, _ in },
        undoing: @escaping @Sendable (String, Int) async throws -> Void = { _, _ in }
    ) -> WorkflowDefinition {
        let journal = journal
        let steps = ["a", "b", "c"].map { name in
            Step(
                name,
                undo: .run { _ in
                    let count = journal.write("undo \(name)")
                    try await undoing(name, count)
                    return { db in try db.delete(Region.self, key: .text(name)) }
                },
                run: { context in
                    let count = journal.write("run \(name)")
                    try await before(name, count)
                    return .done(outputs: [name: "\(context.outputs.count)"], commit: mark(name))
                })
        }
        return WorkflowDefinition(kind: "test", deadlineSeconds: 3600, steps: steps) { _, why in
            { db in
                journal.write("unwound: \(why)")
                try db.insert(Region(id: "unwound"))
                return .failed
            }
        }
    }
}
