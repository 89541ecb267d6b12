import Model
import Store
import TestSupport
import Testing

@testable import Workflow

/// What follows from what: a row and an event on the left, what the runner does and the row that it writes beside them.
@Suite struct CourseTests {
    /// Row and event, and what follows in the words of `text(of:)`.
    struct Case: CustomTestStringConvertible, Sendable {
        let row: WorkflowRecord
        let event: WorkflowEvent
        let follows: String
        var lingerSeconds = 1.0

        var testDescription: String { "\(row.direction) at '\(row.step)': \(follows)" }
    }

    private static let now = Timestamp(microseconds: 1_000_000_000)
    private static let never = Timestamp(microseconds: 0)
    private static let refused = CloudError(.conflict, "No.")
    private static let busy = CloudError(.unavailable, "Busy.")

    /// `a` and `b` are undone by what they have; `c` has nothing to undo.
    private static let definition = WorkflowDefinition(
        kind: "test", deadlineSeconds: 3600,
        steps: [
            Step("a", undo: .run { _ in { _ in } }) { _ in .done() },
            Step("b", undo: .run { _ in { _ in } }) { _ in .done() },
            Step("c", undo: .none(why: "it changes nothing")) { _ in .done() },
        ]
    ) { _, _ in { _ in .failed } }

    private static func course(_ row: WorkflowRecord, lingerSeconds: Double = 1) -> WorkflowCourse {
        WorkflowCourse(definition: definition, record: row, leaseSeconds: 30, lingerSeconds: lingerSeconds)
    }

    /// A row under a whole lease, with a minute until its deadline.
    private static func row(_ step: String, _ change: (inout WorkflowRecord) -> Void = { _ in }) -> WorkflowRecord {
        var row = WorkflowRecord(
            id: WorkflowID("w"), kind: "test", serverID: nil, action: "test", projectID: ProjectID("p"),
            userID: UserID("u"), requestID: "req", outputs: JSONText(raw: "{}"), step: step, leaseEpoch: 1,
            leaseUntil: now.advanced(seconds: 30), wakeAt: now, deadline: now.advanced(seconds: 60), createdAt: now,
            updatedAt: now)
        change(&row)
        return row
    }

    private static func unwinding(_ step: String, tried: Int = 0) -> WorkflowRecord {
        row(step) { ($0.direction, $0.attempt, $0.failure) = (.unwinding, tried, "No.") }
    }

    private static func late(_ step: String) -> WorkflowRecord { row(step) { $0.deadline = now } }

    private static func text(of action: WorkflowAction) throws -> String {
        switch action {
        case .run(let step): "run \(step.name)"
        case .undo: "undo"
        case .linger(let until, let seconds): "linger for \(until.seconds(since: now)), then nap for \(seconds)"
        case .stepDone(let next, _): "done: \(try text(of: next))"
        case .write(.stepUndone(let next, _)): "undone: \(try text(of: next))"
        case .write(.conclude(let next, _)): "conclude: \(try text(of: next))"
        case .write(.nap(let next)): "nap: \(try text(of: next))"
        case .write(.tryLater(let next, let error)): "later, for \(message(error)): \(try text(of: next))"
        case .write(.turnRound(let next, let error)): "turn round, for \(message(error)): \(try text(of: next))"
        }
    }

    private static func message(_ error: any Error) -> String { (error as? CloudError)?.message ?? "\(error)" }

    /// What a row has; what is as in a new one is left out.
    private static func text(of row: WorkflowRecord) throws -> String {
        var parts = ["\(row.direction)", "at \(row.step)"]
        if row.attempt > 0 { parts.append("tried \(row.attempt)") }
        if let outcome = row.outcome { parts.append("ended \(outcome.rawValue)") }
        if row.leaseUntil != never { parts.append("held for \(row.leaseUntil.seconds(since: now))") }
        if row.wakeAt != now { parts.append("wakes after \(row.wakeAt.seconds(since: now))") }
        let outputs = try row.outputs.value().sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return (parts + outputs + [row.failure].compactMap { $0 }).joined(separator: ", ")
    }

    @Test(arguments: [
        Case(row: row(""), event: .taken, follows: "run a"),
        Case(row: row("b"), event: .taken, follows: "run b"),
        Case(row: late("b"), event: .taken, follows: "run b"),
        Case(
            row: row("b") { $0.attempt = 2 }, event: .ran(.done()), follows: "done: forward, at c, held for 30.0"),
        Case(
            row: row("") { $0.outputs = JSONText(raw: #"{"x":"1","y":"2"}"#) },
            event: .ran(.done(outputs: ["x": "3"])), follows: "done: forward, at b, held for 30.0, x=3, y=2"),
        Case(row: row("c"), event: .ran(.doneTelling { _ in {} }), follows: "done: forward, at c, ended Success"),
    ])
    func aStepLeadsToTheNext(_ one: Case) throws { try expect(one) }

    @Test(arguments: [
        Case(
            row: row("b"), event: .ran(.nap(seconds: 5)), follows: "linger for 1.0, then nap for 5.0"),
        Case(row: row("b"), event: .ran(.nap(seconds: 0.5)), follows: "linger for 0.5, then nap for 0.5"),
        Case(
            row: row("b"), event: .ran(.nap(seconds: 60)), follows: "linger for 10.0, then nap for 60.0",
            lingerSeconds: 50),
        Case(
            row: row("b"), event: .ran(.nap(seconds: 5)), follows: "nap: forward, at b, wakes after 5.0",
            lingerSeconds: 0),
        Case(
            row: row("b") { $0.leaseUntil = now.advanced(seconds: 20) }, event: .ran(.nap(seconds: 5)),
            follows: "nap: forward, at b, wakes after 5.0"),
        Case(
            row: row("b"), event: .heardNothing(seconds: 5), follows: "nap: forward, at b, wakes after 5.0"),
        Case(
            row: late("b"), event: .ran(.nap(seconds: 5)),
            follows: "turn round, for The operation was not done within 3600 seconds (step b).: unwinding, at b, "
                + "held for 30.0, failed-step=b, failure-kind=internal, "
                + "The operation was not done within 3600 seconds (step b)."),
    ])
    func aStepThatWaitsLingersNapsAndFails(_ one: Case) throws { try expect(one) }

    @Test(arguments: [
        Case(
            row: row("") { $0.attempt = 2 }, event: .failed(refused),
            follows: "turn round, for No.: unwinding, at , held for 30.0, failed-step=a, failure-kind=conflict, No."),
        Case(
            row: row("gone"), event: .taken,
            follows: "turn round, for This release has no step 'gone' of test.: unwinding, at gone, held for 30.0, "
                + "failed-step=gone, failure-kind=internal, This release has no step 'gone' of test."),
        Case(
            row: row("b"), event: .failed(StoreError(.uniqueViolation, "twice")),
            follows: "turn round, for twice: unwinding, at b, held for 30.0, failed-step=b, failure-kind=internal, "
                + "The step b failed unexpectedly."),
        Case(
            row: row("b"), event: .failed(busy), follows: "later, for Busy.: forward, at b, tried 1, wakes after 0.1"),
        Case(
            row: row("b") { $0.attempt = 3 }, event: .failed(StoreError(.other, "lost")),
            follows: "later, for lost: forward, at b, tried 4, wakes after 0.8"),
        Case(
            row: row("b") { $0.attempt = 20 }, event: .failed(busy),
            follows: "later, for Busy.: forward, at b, tried 21, wakes after 30.0"),
        Case(
            row: late("b"), event: .failed(busy),
            follows: "turn round, for Busy.: unwinding, at b, held for 30.0, failed-step=b, "
                + "failure-kind=unavailable, Busy."),
    ])
    func aFailurePassesOrTurnsRound(_ one: Case) throws { try expect(one) }

    @Test(arguments: [
        Case(row: unwinding("b"), event: .taken, follows: "undo"),
        Case(row: unwinding("c"), event: .taken, follows: "undone: unwinding, at b, held for 30.0, No."),
        Case(row: unwinding("gone"), event: .taken, follows: "undone: unwinding, at b, held for 30.0, No."),
        Case(
            row: unwinding("b", tried: 2), event: .undone { _ in },
            follows: "undone: unwinding, at a, held for 30.0, No."),
        Case(
            row: unwinding(""), event: .undone { _ in }, follows: "conclude: unwinding, at , held for 30.0, No."),
        Case(
            row: unwinding("b", tried: 1), event: .failed(refused),
            follows: "later, for No.: unwinding, at b, tried 2, wakes after 0.2, No."),
    ])
    func anUnwindingGoesBackToTheFirstStep(_ one: Case) throws { try expect(one) }

    private func expect(_ one: Case) throws {
        let action = try Self.course(one.row, lingerSeconds: one.lingerSeconds).action(after: one.event, at: Self.now)
        #expect(try Self.text(of: action) == one.follows)
    }

    @Test func anUnwindingEndsOrBeginsAgain() throws {
        let course = Self.course(Self.unwinding("a", tried: 3))
        let ended = try course.concluded(.failed, at: Self.now)
        #expect(try Self.text(of: ended) == "unwinding, at a, ended Error, No.")
        #expect(ended.finishedAt == Self.now)
        let again = try course.concluded(.again(outputs: ["round": "2"]), at: Self.now)
        #expect(try Self.text(of: again) == "forward, at , held for 30.0, round=2")
        #expect(again.deadline == Self.now.advanced(seconds: 3600) && again.finishedAt == nil)
    }
}
