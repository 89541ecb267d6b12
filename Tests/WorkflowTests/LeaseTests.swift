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
            #expect(try WorkflowQueries.due(["test"], at: until.advanced(seconds: -0.001), limit: 9, db).isEmpty)
            #expect(try WorkflowQueries.due(["test"], at: until, limit: 9, db).map(\.leaseEpoch) == [1])
            #expect(try WorkflowQueries.nextWake(["test"], db) == until)
        }
    }

    /// A step takes as long as it takes; one that hangs does not hold its workflow for ever.
    @Test func aLeaseIsRenewedWhileAStepRuns() async throws {
        let id = try await bench.add()
        let gate = Gate()
        let definition = bench.threeSteps(before: { name, _ in if name == "b" { await gate.pass() } })
        try await bench.withRunner([definition]) { _ in
            await gate.waitUntilReached()
            let began = bench.clock.now()
            for _ in 1...59 {
                bench.clock.advance(seconds: Self.leaseSeconds / 3)
                let now = bench.clock.now()
                try await bench.database.until { db in
                    try db.find(WorkflowRecord.self, key: .id(id))?.leaseUntil
                        == now.advanced(seconds: Self.leaseSeconds)
                }
                let due = try await bench.database.read { try WorkflowQueries.due(["test"], at: now, limit: 9, $0) }
                #expect(due == [])
            }
            bench.clock.advance(seconds: Self.leaseSeconds)
            let now = bench.clock.now()
            #expect(now > began.advanced(seconds: 600))
            try await bench.withRunner([definition]) { _ in
                try await bench.database.until { db in
                    try db.find(WorkflowRecord.self, key: .id(id))?.leaseEpoch == 2
                }
                gate.open()
                _ = try await bench.finished(id)
            }
        }
        #expect(try await bench.record(id).leaseEpoch == 2)
    }

    /// A release that knows another kind has begun it, or a step of another name.
    @Test func whatItDoesNotKnowIsLeft() async throws {
        let newer = try await bench.add("of-a-newer-release", id: "w2")
        let id = try await bench.add()
        try await bench.withRunner([bench.threeSteps()]) { _ in _ = try await bench.finished(id) }
        let record = try await bench.record(newer)
        #expect(record.finishedAt == nil && record.leaseEpoch == 0)
    }

    @Test func aRowGoesOnAtTheStepOfItsName() async throws {
        let id = try await bench.add()
        try await bench.database.transaction { try $0.execute("UPDATE workflows SET step = 'b'", []) }
        var grown = bench.threeSteps()
        let more = Step("before b", undo: .none(why: "it changes nothing")) { _ in .done() }
        grown = WorkflowDefinition(
            kind: grown.kind, deadlineSeconds: 3600, steps: [more] + grown.steps, unwound: grown.unwound)
        try await bench.withRunner([grown]) { _ in
            let ended = try await bench.finished(id)
            #expect(ended.outcome == .succeeded)
        }
        #expect(bench.journal.all == ["run b", "run c"])
    }

    /// What the step did is unknown, so all that are there are undone.
    @Test func aStepThatIsGoneUnwinds() async throws {
        let id = try await bench.add()
        try await bench.database.transaction { try $0.execute("UPDATE workflows SET step = 'gone'", []) }
        try await bench.withRunner([bench.threeSteps()]) { _ in
            let ended = try await bench.finished(id)
            #expect(ended.outcome == .failed && ended.failure == "This release has no step 'gone' of test.")
        }
        #expect(bench.journal.all.prefix(3) == ["undo c", "undo b", "undo a"])
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
        #expect(record.finishedAt == now && record.step == "b")
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
            #expect(try WorkflowQueries.due(["test"], at: now, limit: 9, db).map(\.id) == [other])
        }
        #expect(try await bench.record(mine).signals == 0)
    }
}
