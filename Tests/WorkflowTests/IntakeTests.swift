import Model
import Store
import TestSupport
import Testing
import Workflow

@Suite(.timeLimit(.minutes(3))) struct IntakeTests {
    private let bench: Bench
    private let intake = WorkflowIntake(logger: Bench.logger)

    init() throws {
        var bench = try Bench()
        bench.lingerSeconds = 10
        self.bench = bench
    }

    private func definition(_ run: @escaping @Sendable (Int) -> StepOutcome) -> WorkflowDefinition {
        let journal = bench.journal
        let step = Step("wait", undo: .none(why: "it only waits")) { _ in run(journal.write("run")) }
        return WorkflowDefinition(kind: "test", deadlineSeconds: 3600, steps: [step]) { _, _ in { _ in .failed } }
    }

    private func withRunner(
        _ definition: WorkflowDefinition, _ body: @Sendable () async throws -> Void
    ) async throws {
        try await bench.withRunner(definition, takingFrom: intake, body)
    }

    /// A row with the lease that the intake gives, handed over after its commit.
    private func start() async throws -> WorkflowID {
        let (now, id) = (bench.clock.now(), WorkflowID("w1"))
        let lease = intake.lease(from: now)
        let record = WorkflowRecord(
            id: id, kind: "test", serverID: nil, action: "test", projectID: ProjectID("p"), userID: UserID("u"),
            requestID: "req-1", outputs: try JSONText([:]), leaseEpoch: lease.microseconds > 0 ? 1 : 0,
            leaseUntil: lease, wakeAt: now, deadline: now.advanced(seconds: 3600), createdAt: now, updatedAt: now)
        let begun = try await bench.database.transaction { [intake] db in
            let begun = try intake.begin(record, at: now, db)
            try db.insert(begun.record)
            return begun
        }
        intake.started([begun])
        return id
    }

    @Test func whatIsHandedOverRunsUnderTheLeaseOfItsOwnCommit() async throws {
        try await withRunner(definition { _ in .done() }) {
            let id = try await start()
            let ended = try await bench.finished(id)
            #expect(ended.outcome == .succeeded)
            #expect(ended.leaseEpoch == 1)
        }
    }

    @Test func withoutARunnerWorkflowsStayInTheTableForAnother() async throws {
        let id = try await start()
        let written = try await bench.record(id)
        #expect(written.leaseUntil.microseconds == 0)
        try await withRunner(definition { _ in .done() }) {
            let ended = try await bench.finished(id)
            #expect(ended.outcome == .succeeded)
        }
    }

    @Test func aSignalEndsAWaitThatHasNotBecomeANap() async throws {
        let intake = intake
        let waiting = definition { count in
            if count == 1 { intake.signal(WorkflowID("w1")) }
            return count == 1 ? .nap(seconds: 1000) : .done()
        }
        try await withRunner(waiting) {
            let id = try await start()
            let ended = try await bench.finished(id)
            // A nap gives the lease back, and its end takes another.
            #expect(ended.leaseEpoch == 1)
        }
        #expect(bench.journal.all == ["run", "run"])
    }

    @Test func whatIsNotSignalledNapsAfterAWhile() async throws {
        try await withRunner(definition { _ in .nap(seconds: 1000) }) {
            let id = try await start()
            var seconds = 0
            try await eventually("the workflow naps") {
                // Less than a lease in all, however long it takes.
                if seconds < 11 { bench.clock.advance(seconds: 1) }
                seconds += 1
                return try await bench.record(id).leaseUntil.microseconds == 0
            }
        }
        #expect(bench.journal.all == ["run"])
    }
}
