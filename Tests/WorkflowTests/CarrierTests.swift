import Model
import Store
import TestSupport
import Testing
import Workflow

/// Steps that need the store alone are carried out in the transaction that makes them due.
@Suite(.timeLimit(.minutes(3))) struct CarrierTests {
    private let bench: Bench
    private let intake = WorkflowIntake(logger: Bench.logger)

    init() throws {
        bench = try Bench()
    }

    /// `a` leaves a mark, `b` waits for the mark `go`, `c` leaves a mark and does what a test wants of it.
    private func definition(
        c: @escaping @Sendable (any Connection) throws -> Void = { _ in }, then last: [Step] = []
    ) -> WorkflowDefinition {
        let journal = bench.journal
        let steps = [
            step(
                "a",
                StoreWork(commit: { _, db in
                    try mark("a")(db)
                    return { journal.write("told a") }
                })),
            step("b", StoreWork(napSeconds: 1000, missing: { _, db in try Self.isThere("go", db, journal) })),
            step(
                "c",
                StoreWork(commit: { _, db in
                    try mark("c")(db)
                    try c(db)
                    return { journal.write("told c") }
                })),
        ]
        return WorkflowDefinition(kind: "test", deadlineSeconds: 3600, steps: steps + last) { _, why in
            { db in
                try mark("unwound: \(why)")(db)
                return .failed
            }
        }
    }

    private func step(_ name: String, _ work: StoreWork) -> Step {
        Step(name, undo: .none(why: "the test looks at it"), in: bench.database, work)
    }

    private static func isThere(_ name: String, _ db: any Connection, _ journal: Journal) throws -> Told? {
        guard try db.find(Region.self, key: .text(name)) == nil else { return nil }
        return { journal.write("reminded") }
    }

    private func withRunner(
        _ definition: WorkflowDefinition, _ body: @Sendable () async throws -> Void
    ) async throws {
        try await bench.withRunner(definition, takingFrom: intake, body)
    }

    private func begin() async throws -> WorkflowRecord {
        let now = bench.clock.now()
        let lease = intake.lease(from: now)
        let record = WorkflowRecord(
            id: WorkflowID("w1"), kind: "test", serverID: nil, action: "test", projectID: ProjectID("p"),
            userID: UserID("u"), requestID: "req-1", outputs: try JSONText([:]),
            leaseEpoch: lease.microseconds > 0 ? 1 : 0, leaseUntil: lease, wakeAt: now,
            deadline: now.advanced(seconds: 3600), createdAt: now, updatedAt: now)
        let begun = try await bench.database.transaction { [intake] db in
            let begun = try intake.begin(record, at: now, db)
            try db.insert(begun.record)
            return begun
        }
        intake.started([begun])
        return try await bench.record(record.id)
    }

    /// Writes the mark that the workflow waits for, and lets it go on in that transaction.
    private func bring() async throws {
        let now = bench.clock.now()
        let carried = try await bench.database.transaction { [intake] db in
            try mark("go")(db)
            let record = try db.fetch(WorkflowRecord.self, "WHERE id = 'w1'")[0]
            return try intake.carryOn(record, at: now, db)
        }
        intake.happened(carried)
    }

    @Test func aWorkflowBeginsWithTheStepsThatNeedTheStoreAlone() async throws {
        try await withRunner(definition()) {
            let begun = try await begin()
            #expect(try await bench.marks() == ["a"])
            #expect(begun.step == "b")
            // Nobody has to do with it until what it waits for is there, or its nap has ended.
            #expect(begun.leaseUntil.microseconds == 0)
            #expect(begun.wakeAt == bench.clock.now().advanced(seconds: 1000))
            #expect(bench.journal.all == ["told a", "reminded"])
        }
    }

    @Test func whatBringsWhatItWaitsForEndsItInTheSameCommit() async throws {
        try await withRunner(definition()) {
            _ = try await begin()
            try await bring()
            let ended = try await bench.record(WorkflowID("w1"))
            #expect(ended.outcome == .succeeded)
            #expect(ended.finishedAt != nil)
            #expect(try await bench.marks() == ["a", "go", "c"])
            #expect(bench.journal.all == ["told a", "reminded", "told c"])
        }
    }

    @Test func aRunnerThatHoldsItCanCommitNothingAfterwards() async throws {
        try await withRunner(definition()) {
            var held = try await begin()
            held.leaseEpoch += 1
            held.leaseUntil = bench.clock.now().advanced(seconds: 30)
            let (before, leased) = (held, held)
            let isLeased = try await bench.database.transaction { db in
                var free = before
                free.leaseEpoch -= 1
                return try WorkflowQueries.lease(free, until: before.leaseUntil, db)
            }
            #expect(isLeased)
            try await bring()
            let now = bench.clock.now()
            let isCommitted = try await bench.database.transaction { try WorkflowQueries.commit(leased, now: now, $0) }
            #expect(!isCommitted)
            #expect(try await bench.record(WorkflowID("w1")).outcome == .succeeded)
        }
    }

    @Test func aStepThatFailsIsTakenBackAndFailsAtItsRunner() async throws {
        try await withRunner(definition(c: { _ in throw CloudError(.conflict, "no") })) {
            _ = try await begin()
            try await bring()
            let ended = try await bench.finished(WorkflowID("w1"))
            #expect(ended.outcome == .failed)
            #expect(ended.failure == "no")
            #expect(try await bench.marks() == ["a", "go", "unwound: no"])
        }
    }

    @Test func aStepThatNeedsMoreIsItsRunners() async throws {
        let journal = bench.journal
        let last = Step("d", undo: .none(why: "it changes nothing")) { _ in
            journal.write("ran d")
            return .done()
        }
        try await withRunner(definition(then: [last])) {
            _ = try await begin()
            try await bring()
            #expect(try await bench.finished(WorkflowID("w1")).outcome == .succeeded)
            #expect(bench.journal.all == ["told a", "reminded", "told c", "ran d"])
        }
    }

    /// A nap ends by itself where nobody was there to carry the workflow on.
    @Test func whatCameUnseenIsFoundAfterTheNap() async throws {
        try await withRunner(definition()) {
            let begun = try await begin()
            try await bench.database.transaction { try mark("go")($0) }
            bench.clock.advance(to: begun.wakeAt)
            #expect(try await bench.finished(WorkflowID("w1")).outcome == .succeeded)
        }
    }

    @Test func withoutARunnerNothingIsCarriedOut() async throws {
        let begun = try await begin()
        #expect(begun.step == "")
        #expect(try await bench.marks().isEmpty)
        try await bring()
        #expect(try await bench.record(WorkflowID("w1")).signals == 1)
        #expect(try await bench.marks() == ["go"])
    }
}
