import Model
import Store
import TestSupport
import Testing
import Workflow

/// Runners that stop, stall or lose what they hold.
@Suite(.timeLimit(.minutes(3))) struct LeaseTests {
    private static let leaseSeconds = 30.0
    private let bench: Bench

    init() throws {
        bench = try Bench()
    }

    /// The first runner is stopped after the effect of a step and before its commit; another one goes on.
    @Test(arguments: ["a", "b", "c"])
    func eachStepMayRunTwice(stopped: String) async throws {
        let id = try await bench.add()
        let gate = Gate()
        let clock = bench.clock
        let definition = bench.threeSteps(before: { name, count in
            guard name == stopped, count == 1 else { return }
            await gate.pass()
            try Task.checkCancellation()
        })
        try await bench.withRunner([definition]) { _ in await gate.waitUntilReached() }
        #expect(try await bench.record(id).finishedAt == nil)
        clock.advance(seconds: Self.leaseSeconds)
        try await bench.withRunner([definition]) { _ in
            let ended = try await bench.finished(id)
            #expect(ended.outcome == .succeeded)
        }
        let expected = ["run a", "run b", "run c"].flatMap { $0 == "run \(stopped)" ? [$0, $0] : [$0] }
        #expect(bench.journal.all == expected)
        #expect(try await bench.marks() == ["a", "b", "c"])
    }

    @Test(arguments: ["a", "b", "c"])
    func eachUndoMayRunTwice(stopped: String) async throws {
        let id = try await bench.add()
        let gate = Gate()
        let definition = bench.threeSteps(
            before: { name, _ in if name == "c" { throw CloudError(.conflict, "No.") } },
            undoing: { name, count in
                guard name == stopped, count == 1 else { return }
                await gate.pass()
                try Task.checkCancellation()
            })
        try await bench.withRunner([definition]) { _ in await gate.waitUntilReached() }
        bench.clock.advance(seconds: Self.leaseSeconds)
        try await bench.withRunner([definition]) { _ in
            let ended = try await bench.finished(id)
            #expect(ended.outcome == .failed)
        }
        let undone = bench.journal.all.filter { $0.hasPrefix("undo") }
        #expect(undone == ["undo c", "undo b", "undo a"].flatMap { $0 == "undo \(stopped)" ? [$0, $0] : [$0] })
        #expect(try await bench.marks() == ["unwound"])
    }

    @Test func aLeaseIsNotTakenBeforeItEnds() async throws {
        let id = try await bench.add()
        let now = bench.clock.now()
        let record = try await bench.record(id)
        let until = now.advanced(seconds: Self.leaseSeconds)
        try await bench.database.transaction { db in
            let isTaken = try WorkflowQueries.lease(record, until: until, db)
            #expect(isTaken)
            #expect(try !WorkflowQueries.lease(record, until: until, db))
            #expect(try WorkflowQueries.due(at: until.advanced(seconds: -0.001), limit: 9, db).isEmpty)
            #expect(try WorkflowQueries.due(at: until, limit: 9, db).map(\.leaseEpoch) == [1])
            #expect(try WorkflowQueries.nextWake(db) == until)
        }
    }

    @Test func aStalledRunnersCommitIsRefused() async throws {
        let id = try await bench.add()
        let (gate, journal) = (Gate(), bench.journal)
        let step = Step("a", undo: .none(why: "never undone")) { _ in
            let isFirst = journal.write("run") == 1
            if isFirst { await gate.pass() }
            return .done(outputs: ["by": isFirst ? "first" : "second"], commit: mark(isFirst ? "late" : "good"))
        }
        let definition = WorkflowDefinition(
            kind: "test", deadlineSeconds: 3600, steps: [step], unwound: { _, _ in { _ in .failed } })
        try await bench.withRunner([definition]) { _ in
            await gate.waitUntilReached()
            bench.clock.advance(seconds: Self.leaseSeconds)
            try await bench.withRunner([definition]) { _ in _ = try await bench.finished(id) }
            gate.open()
        }
        let record = try await bench.record(id)
        #expect(record.outcome == .succeeded && record.leaseEpoch == 2)
        #expect(try record.outputs.value() == ["by": "second"])
        #expect(try await bench.marks() == ["good"])
        #expect(journal.all == ["run", "run"])
    }

    @Test func aTakeoverStopsWhatIsUnderWay() async throws {
        let server = ServerID("s")
        let id = try await bench.add(server: server)
        let gate = Gate()
        let now = bench.clock.now()
        let definition = bench.threeSteps(before: { name, _ in if name == "b" { await gate.pass() } })
        try await bench.withRunner([definition]) { _ in
            await gate.waitUntilReached()
            try await bench.database.transaction { db in
                try WorkflowQueries.endAll(of: server, because: "The server is being deleted.", now: now, db)
                #expect(try WorkflowQueries.lingeringLease(of: server, at: now, db))
            }
            gate.open()
            try await bench.database.until { try !WorkflowQueries.lingeringLease(of: server, at: now, $0) }
        }
        let record = try await bench.record(id)
        #expect(record.outcome == .failed && record.failure == "The server is being deleted.")
        #expect(record.finishedAt == now && record.step == 1)
        #expect(bench.journal.all == ["run a", "run b"])
        #expect(try await bench.marks() == ["a"])
    }

    @Test func aTakeoverLeavesOtherServersAlone() async throws {
        let now = bench.clock.now()
        let mine = try await bench.add(id: "w1", server: ServerID("s1"))
        let other = try await bench.add(id: "w2", server: ServerID("s2"))
        try await bench.database.transaction { db in
            try WorkflowQueries.endAll(of: ServerID("s1"), because: "Deleted.", now: now, db)
            // Nobody held it, so nothing of it can still appear.
            #expect(try !WorkflowQueries.lingeringLease(of: ServerID("s1"), at: now, db))
            try WorkflowQueries.signal(mine, now: now, db)
            #expect(try WorkflowQueries.due(at: now, limit: 9, db).map(\.id) == [other])
        }
        #expect(try await bench.record(mine).signals == 0)
    }
}
