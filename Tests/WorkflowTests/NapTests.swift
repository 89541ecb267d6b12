import Model
import Store
import TestSupport
import Testing
import Workflow

@Suite(.timeLimit(.minutes(3))) struct NapTests {
    private let bench: Bench

    init() throws {
        bench = try Bench()
    }

    /// One step that naps until `isReady` says yes to the number of its run.
    private func waiting(
        seconds: Double, until isReady: @escaping @Sendable (Int) async throws -> Bool
    ) -> WorkflowDefinition {
        let journal = bench.journal
        let step = Step("wait", undo: .none(why: "it only waits")) { _ in
            try await isReady(journal.write("run")) ? .done() : .nap(seconds: seconds)
        }
        return WorkflowDefinition(kind: "test", deadlineSeconds: 3600, steps: [step]) { _, why in
            { _ in
                journal.write("unwound: \(why)")
                return .failed
            }
        }
    }

    @Test func aNapLastsItsTime() async throws {
        let id = try await bench.add()
        let start = bench.clock.now()
        try await bench.withRunner([waiting(seconds: 60) { $0 == 2 }]) { _ in
            let resting = try await bench.napping(id)
            #expect(resting.wakeAt == start.advanced(seconds: 60))
            #expect(bench.journal.all == ["run"])
            bench.clock.advance(seconds: 60)
            #expect(try await bench.finished(id).outcome == .succeeded)
        }
        #expect(bench.journal.all == ["run", "run"])
    }

    @Test func aSignalEndsANap() async throws {
        let id = try await bench.add()
        let start = bench.clock.now()
        try await bench.withRunner([waiting(seconds: 1000) { $0 == 2 }]) { runner in
            _ = try await bench.napping(id)
            try await bench.database.transaction { try WorkflowQueries.signal(id, now: start, $0) }
            runner.nudge()
            #expect(try await bench.finished(id).outcome == .succeeded)
        }
        #expect(bench.clock.now() == start)
    }

    @Test func aSignalBeforeTheNapIsWrittenIsNotLost() async throws {
        let id = try await bench.add()
        let (database, start) = (bench.database, bench.clock.now())
        let definition = waiting(seconds: 1000) { count in
            // What the step looks for comes to be after it looked.
            if count == 1 { try await database.transaction { try WorkflowQueries.signal(id, now: start, $0) } }
            return count == 2
        }
        try await bench.withRunner([definition]) { _ in
            let ended = try await bench.finished(id)
            #expect(ended.signals == 1)
        }
        #expect(bench.clock.now() == start)
        #expect(bench.journal.all == ["run", "run"])
    }

    @Test func theDeadlineFailsANappingStep() async throws {
        let id = try await bench.add(deadlineSeconds: 25)
        try await bench.withRunner([waiting(seconds: 10) { _ in false }]) { _ in
            let record = try await bench.finishedThroughNaps(id)
            #expect(record.outcome == .failed)
            #expect(record.failure?.contains("was not done within") == true)
        }
        #expect(bench.journal.all.dropLast() == ["run", "run", "run", "run"])
        #expect(bench.journal.all.last?.hasPrefix("unwound: ") == true)
    }

    @Test func aRingWhileNobodyWaitsIsKept() async {
        let bell = Bell()
        bell.ring()
        bell.ring()
        let start = bench.clock.now()
        await bell.wait(until: start.advanced(seconds: 3600), clock: bench.clock)
        #expect(bench.clock.now() == start)
    }

    @Test func aWaitEndsAtItsDeadline() async {
        let (bell, clock) = (Bell(), bench.clock)
        let deadline = clock.now().advanced(seconds: 5)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await bell.wait(until: deadline, clock: clock) }
            clock.advance(to: deadline)
            await group.waitForAll()
        }
        #expect(clock.now() == deadline)
    }
}
