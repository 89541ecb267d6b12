import Model
import Store
import TestSupport
import Testing
import Workflow

@Suite(.timeLimit(.minutes(3))) struct RunnerTests {
    private static let names = ["a", "b", "c"]
    private let bench: Bench

    init() throws {
        bench = try Bench()
    }

    @Test func completes() async throws {
        let id = try await bench.add()
        try await bench.withRunner([bench.threeSteps()]) { _ in
            let record = try await bench.finished(id)
            #expect(record.outcome == .succeeded && record.failure == nil && record.step == "c")
            #expect(record.finishedAt == bench.clock.now())
            #expect(try record.outputs.value() == ["a": "0", "b": "1", "c": "2"])
        }
        #expect(bench.journal.all == ["run a", "run b", "run c"])
        #expect(try await bench.marks() == ["a", "b", "c"])
    }

    @Test(arguments: 0..<3)
    func unwindsFromAFailureAtEachStep(failing: Int) async throws {
        let id = try await bench.add()
        let broken = Self.names[failing]
        let definition = bench.threeSteps(before: { name, _ in
            if name == broken { throw CloudError(.conflict, "No \(name) today.") }
        })
        try await bench.withRunner([definition]) { _ in
            let record = try await bench.finished(id)
            #expect(record.outcome == .failed && record.failure == "No \(broken) today.")
        }
        let done = Self.names.prefix(failing + 1)
        #expect(
            bench.journal.all == done.map { "run \($0)" } + done.reversed().map { "undo \($0)" }
                + ["unwound: No \(broken) today."])
        #expect(try await bench.marks() == ["unwound"])
    }

    @Test func anUnwindingMayEndInANewBeginning() async throws {
        let id = try await bench.add()
        let journal = bench.journal
        let steps = [
            Step("a", undo: .none(why: "it changes nothing")) { context in
                let count = journal.write("run")
                guard context.outputs["round"] == "2" else { throw CloudError(.conflict, "Not yet.") }
                return .done(outputs: ["count": "\(count)"])
            }
        ]
        let definition = WorkflowDefinition(kind: "test", deadlineSeconds: 3600, steps: steps) { context, why in
            let next = (context.outputs["round"].flatMap { Int($0) } ?? 0) + 1
            let failed = context.failedStep
            return { db in
                journal.write("\(failed ?? ""): \(why)")
                try db.insert(Region(id: "round-\(next)"))
                return .again(outputs: ["round": "\(next)"])
            }
        }
        try await bench.withRunner([definition]) { _ in
            let ended = try await bench.finished(id)
            #expect(ended.outcome == .succeeded && ended.failure == nil)
            #expect(try ended.outputs.value() == ["round": "2", "count": "3"])
        }
        #expect(journal.all == ["run", "a: Not yet.", "run", "a: Not yet.", "run"])
        #expect(try await bench.marks() == ["round-1", "round-2"])
    }

    @Test func aCommitThatIsRefusedFailsItsStep() async throws {
        let id = try await bench.add()
        let journal = bench.journal
        let steps = [
            Step("a", undo: .none(why: "it changes nothing")) { _ in
                .done(commit: { _ in throw CloudError(.conflict, "The row has gone.") })
            }
        ]
        let definition = WorkflowDefinition(kind: "test", deadlineSeconds: 3600, steps: steps) { _, why in
            { _ in
                journal.write(why)
                return .failed
            }
        }
        try await bench.withRunner([definition]) { _ in
            let ended = try await bench.finished(id)
            #expect(ended.failure == "The row has gone.")
        }
        #expect(journal.all == ["The row has gone."])
    }

    @Test func anUnexpectedErrorIsNotShownToTheUser() async throws {
        struct Secret: Error {}
        let id = try await bench.add()
        let definition = bench.threeSteps(before: { name, _ in if name == "b" { throw Secret() } })
        try await bench.withRunner([definition]) { _ in
            let record = try await bench.finished(id)
            #expect(record.failure == "The step b failed unexpectedly.")
        }
    }

    @Test func triesAgainWhatMayPass() async throws {
        let id = try await bench.add()
        let definition = bench.threeSteps(before: { name, count in
            if name == "b", count < 4 { throw CloudError(.unavailable, "The host is busy.") }
        })
        try await bench.withRunner([definition]) { _ in
            let ended = try await bench.finishedThroughNaps(id)
            #expect(ended.outcome == .succeeded)
        }
        #expect(bench.journal.all == ["run a", "run b", "run b", "run b", "run b", "run c"])
    }

    @Test func whatMayPassFailsAtTheDeadline() async throws {
        let id = try await bench.add(deadlineSeconds: 10)
        let definition = bench.threeSteps(before: { name, _ in
            if name == "b" { throw CloudError(.unavailable, "The host is busy.") }
        })
        let start = bench.clock.now()
        try await bench.withRunner([definition]) { _ in
            let record = try await bench.finishedThroughNaps(id)
            #expect(record.outcome == .failed && record.failure == "The host is busy.")
            #expect(bench.clock.now().seconds(since: start) >= 10)
        }
        #expect(bench.journal.all.suffix(3) == ["undo b", "undo a", "unwound: The host is busy."])
    }

    @Test func anUndoThatFailsIsTriedAgainPastTheDeadline() async throws {
        let id = try await bench.add(deadlineSeconds: 1)
        let definition = bench.threeSteps(
            before: { name, _ in if name == "b" { throw CloudError(.conflict, "No.") } },
            undoing: { name, count in if name == "a", count < 8 { throw CloudError(.unavailable, "Busy.") } })
        let start = bench.clock.now()
        try await bench.withRunner([definition]) { _ in
            let ended = try await bench.finishedThroughNaps(id)
            #expect(ended.failure == "No.")
        }
        #expect(bench.clock.now().seconds(since: start) > 1)
        #expect(bench.journal.all.count { $0 == "undo a" } == 8)
        #expect(try await bench.marks() == ["unwound"])
    }

    @Test func twoRunnersShareTheWorkAndCommitEachStepOnce() async throws {
        let definition = WorkflowDefinition(
            kind: "test", deadlineSeconds: 3600,
            steps: Self.names.map { name in
                Step(name, undo: .none(why: "never undone")) { context in
                    .done(commit: mark("\(context.record.id) \(name)"))
                }
            }, unwound: { _, _ in { _ in .failed } })
        for number in 0..<60 { try await bench.add(id: "w\(number)") }
        try await bench.withRunner([definition]) { _ in
            try await bench.withRunner([definition]) { _ in
                try await bench.database.until { db in
                    try db.integer("SELECT count(*) FROM workflows WHERE outcome = 'Success'") == 60
                }
            }
        }
        #expect(try await bench.marks().count == 180)
    }
}
