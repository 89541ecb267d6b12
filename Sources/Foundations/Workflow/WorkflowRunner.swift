package import Logging
package import Model
package import Store
import Synchronization

/// Carries out workflows: leases a row, runs its steps one after the other, commits each under the lease.
///
/// Any number of runners share one store. A runner that stalls or dies loses its lease, and another goes on from the
/// last commit; what the first commits afterwards is refused.
package final class WorkflowRunner: Sendable {
    package struct Limits: Sendable {
        /// Workflows driven at once.
        package var concurrency = 64
        package var leaseSeconds = 30.0
        /// The longest time between two looks at the table when nothing wakes the runner.
        package var idleSeconds = 1.0
        /// How long a workflow that waits is kept under its lease, for what it waits for to come, before it naps.
        package var lingerSeconds = 1.0

        package init() {}
    }

    private let database: any Database
    private let clock: any CloudClock
    private let definitions: [String: WorkflowDefinition]
    private let carrier: WorkflowCarrier
    /// Rows of others are of a newer release, and left to its runners.
    private let kinds: [String]
    private let limits: Limits
    private let intake: WorkflowIntake
    private let leases: LeaseKeeper
    private let logger: Logger
    private let trace: WorkflowTrace
    private let slots: Slots

    package init(
        database: any Database, clock: any CloudClock, definitions: [WorkflowDefinition], limits: Limits = Limits(),
        intake: WorkflowIntake? = nil, logger: Logger
    ) {
        self.database = database
        self.clock = clock
        self.definitions = Dictionary(uniqueKeysWithValues: definitions.map { ($0.kind, $0) })
        kinds = self.definitions.keys.sorted()
        carrier = WorkflowCarrier(definitions: self.definitions, leaseSeconds: limits.leaseSeconds)
        self.limits = limits
        self.intake = intake ?? WorkflowIntake(logger: logger)
        self.logger = logger
        trace = WorkflowTrace(logger)
        slots = Slots(limits.concurrency)
        leases = LeaseKeeper(database: database, clock: clock, leaseSeconds: limits.leaseSeconds, logger: logger)
    }

    /// Looks at the table soon: something was committed that a workflow waits for.
    package func nudge() {
        intake.look()
    }

    /// Runs until cancelled. Steps under way are left at their last commit.
    package func run() async {
        intake.open(carrier)
        defer { intake.close() }
        await withDiscardingTaskGroup { group in
            group.addTask { [leases] in await leases.run() }
            var nextLook = clock.now()
            while !Task.isCancelled {
                let free = await slots.waitForFree()
                var ready = intake.takeHanded(free)
                if ready.count < free, intake.takeLook() || clock.now() >= nextLook {
                    ready += await leaseDue(limit: free - ready.count)
                    nextLook = ready.count < free ? await self.nextLook() : clock.now()
                }
                for record in ready {
                    slots.take()
                    group.addTask { [self] in
                        await attend(record)
                        slots.giveBack()
                    }
                }
                if ready.count < free { await intake.bell.wait(until: nextLook, clock: clock) }
            }
            group.cancelAll()
        }
    }

    private func attend(_ record: WorkflowRecord) async {
        let bell = intake.attend(record.id)
        await drive(record, listening: bell)
        intake.leave(record.id, bell)
    }

    /// Leases what is due and carries each to its next commit, no further; returns how many there were.
    ///
    /// What is left behind is what a process leaves that dies right after that commit.
    package func step() async -> Int {
        let leased = await leaseDue(limit: limits.concurrency)
        for record in leased { await drive(record, commits: 1) }
        return leased.count
    }

    private func nextLook() async -> Timestamp {
        let limit = clock.now().advanced(seconds: limits.idleSeconds)
        do {
            let next = try await database.read { [kinds] in try WorkflowQueries.nextWake(kinds, $0) }
            return min(limit, next ?? limit)
        } catch {
            logger.error("the workflow table cannot be read", metadata: ["error": "\(error)"])
            return limit
        }
    }

    private func leaseDue(limit: Int) async -> [WorkflowRecord] {
        let now = clock.now()
        let until = now.advanced(seconds: limits.leaseSeconds)
        do {
            let due = try await database.read { [kinds] in try WorkflowQueries.due(kinds, at: now, limit: limit, $0) }
            if due.isEmpty { return [] }
            return try await database.transaction { db in
                try due.compactMap { record in
                    guard try WorkflowQueries.lease(record, until: until, db) else { return nil }
                    var leased = record
                    leased.leaseEpoch += 1
                    leased.leaseUntil = until
                    return leased
                }
            }
        } catch {
            logger.error("workflows cannot be leased", metadata: ["error": "\(error)"])
            return []
        }
    }

    /// Runs steps until the workflow naps, ends, is lost, or has committed as often as it may.
    private func drive(_ leased: WorkflowRecord, commits: Int = .max, listening bell: Bell? = nil) async {
        guard let definition = definitions[leased.kind] else {
            logger.error("no such workflow", metadata: ["kind": "\(leased.kind)", "workflow": "\(leased.id)"])
            return
        }
        leases.keep(leased)
        defer { leases.leave(leased.id) }
        if leased.leaseEpoch == 1 { trace("a workflow begins", leased) }
        var record = leased
        var left = commits
        do {
            while !Task.isCancelled, left > 0 {
                left -= 1
                bell?.forgetRing()
                guard let next = try await advance(record, definition, bell) else { return }
                record = next
            }
        } catch is LeaseLost {
            logger.info("a workflow was taken over", metadata: ["workflow": "\(record.id)", "kind": "\(record.kind)"])
            await release(record.id)
        } catch is CancellationError {
            return
        } catch {
            logger.error(
                "a workflow's commit failed; it goes on when its lease ends",
                metadata: ["workflow": "\(record.id)", "kind": "\(record.kind)", "error": "\(error)"])
        }
    }

    private func release(_ id: WorkflowID) async {
        do {
            try await database.transaction { try WorkflowQueries.releaseEnded(id, $0) }
            nudge()
        } catch {
            logger.error("a lost lease cannot be released", metadata: ["workflow": "\(id)", "error": "\(error)"])
        }
    }

    private func advance(
        _ record: WorkflowRecord, _ definition: WorkflowDefinition, _ bell: Bell?
    ) async throws -> WorkflowRecord? {
        switch record.direction {
        case .forward: try await forward(record, definition, bell)
        case .unwinding: try await unwind(record, definition)
        }
    }

    private func forward(
        _ record: WorkflowRecord, _ definition: WorkflowDefinition, _ bell: Bell?
    ) async throws -> WorkflowRecord? {
        guard let position = definition.position(of: record.step) else {
            return try await fail(
                record, step: record.step,
                CloudError(.internal, "This release has no step '\(record.step)' of \(record.kind)."))
        }
        let step = definition.steps[position]
        let context = try StepContext(record, at: clock.now())
        let outcome: StepOutcome
        do {
            outcome = try await step.run(context)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return try await fail(record, step: step.name, error)
        }
        switch outcome {
        case .nap(let seconds):
            if clock.now() >= record.deadline {
                let limit = Int(definition.deadlineSeconds)
                return try await fail(
                    record, step: step.name,
                    CloudError(.internal, "The operation was not done within \(limit) seconds (step \(step.name))."))
            }
            if let bell, await linger(record, seconds, bell) {
                return intake.attends(record.id, bell) ? record : nil
            }
            return try await nap(record, seconds: seconds)
        case .done(let found, let commit):
            let outputs = found.isEmpty ? record.outputs : try JSONText(context.outputs.merging(found) { $1 })
            return try await go(on: record, outputs, from: position, definition, bell) { db in
                try commit(db)
                return {}
            }
        case .doneTelling(let commit):
            return try await go(on: record, record.outputs, from: position, definition, bell, commit: commit)
        }
    }

    /// To the next step, or to the end when there is none, and in the same commit through the steps that need the store
    /// alone, unless each commit is to be seen. What the commit throws is the step's failure.
    private func go(
        on record: WorkflowRecord, _ outputs: JSONText<[String: String]>, from position: Int,
        _ definition: WorkflowDefinition, _ bell: Bell?, commit: @escaping @Sendable (any Connection) throws -> Told
    ) async throws -> WorkflowRecord? {
        var next = definition.next(after: position, record, at: clock.now())
        next.outputs = outputs
        let step = definition.steps[position].name
        do {
            let carried = try await write(next, carrier: bell == nil ? nil : carrier, commit: commit)
            intake.tell(carried, after: step)
            return carried.needsRunner ? carried.record : nil
        } catch let error where !(error is LeaseLost || error is CancellationError) {
            return try await fail(record, step: step, error)
        }
    }

    /// A failure that may pass is tried again until the deadline; any other begins the unwinding. What a step's commit
    /// throws counts as the step's failure.
    private func fail(_ record: WorkflowRecord, step: String, _ error: any Error) async throws -> WorkflowRecord? {
        let failure = error as? CloudError
        logger.warning(
            "a step failed",
            metadata: [
                "workflow": "\(record.id)", "kind": "\(record.kind)", "step": "\(step)",
                "request": "\(record.requestID)", "attempt": "\(record.attempt)", "error": "\(error)",
            ])
        let mayPass = failure?.kind == .unavailable || (error as? StoreError)?.kind == .other
        if mayPass, clock.now() < record.deadline { return try await retryLater(record) }
        let kind = failure?.kind ?? .internal
        var next = record
        (next.direction, next.attempt) = (.unwinding, 0)
        next.outputs = try JSONText(
            record.outputs.value().merging(
                [WorkflowDefinition.failedStepOutput: step, WorkflowRecord.failureKindOutput: kind.rawValue]) { $1 })
        next.failure = failure?.message ?? "The step \(step) failed unexpectedly."
        return try await write(next).record
    }

    /// Undoes the failed step first, whose effect is unknown, then those before it.
    private func unwind(_ record: WorkflowRecord, _ definition: WorkflowDefinition) async throws -> WorkflowRecord? {
        let context = try StepContext(record, at: clock.now())
        let position = definition.position(of: record.step) ?? definition.steps.count - 1
        let step = definition.steps[position]
        let commit: StepCommit
        do {
            if case .run(let undo) = step.undo { commit = try await undo(context) } else { commit = { _ in } }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            complain("an undo failed; it is tried again", record, step.name, error)
            return try await retryLater(record)
        }
        var next = record
        next.attempt = 0
        if position > 0 {
            next.step = definition.steps[position - 1].name
            let written = try await write(next) { db in
                try commit(db)
                return {}
            }.record
            trace("a step is undone", record, ["step": "\(step.name)"])
            return written
        }
        let end = try definition.unwound(context, record.failure ?? "unknown")
        let concluded = try await conclude(next, definition) { db in
            try commit(db)
            return try end(db)
        }
        trace("a step is undone", record, ["step": "\(step.name)"])
        if concluded.finishedAt == nil {
            trace("a workflow begins again", record)
            return concluded
        }
        trace.end(concluded)
        return nil
    }

    private func complain(_ what: Logger.Message, _ record: WorkflowRecord, _ step: String, _ error: any Error) {
        logger.error(
            what,
            metadata: [
                "workflow": "\(record.id)", "request": "\(record.requestID)", "step": "\(step)", "error": "\(error)",
            ])
    }

    /// The end of an unwinding decides in its transaction whether the workflow has failed or begins again.
    private func conclude(
        _ record: WorkflowRecord, _ definition: WorkflowDefinition, end: @escaping UnwindingEnd
    ) async throws -> WorkflowRecord {
        let now = clock.now()
        let leaseUntil = now.advanced(seconds: limits.leaseSeconds)
        let (concluded, turned) = try await database.transaction { db in
            guard try WorkflowQueries.commit(record, now: now, db) else { throw LeaseLost() }
            var next = record
            switch try end(db) {
            case .failed: next.end(.failed, at: now)
            case .again(let outputs):
                next.direction = .forward
                next.step = ""
                next.failure = nil
                next.outputs = try JSONText(outputs)
                next.deadline = now.advanced(seconds: definition.deadlineSeconds)
                next.leaseUntil = leaseUntil
            }
            guard try WorkflowQueries.commit(next, now: now, db) else { throw LeaseLost() }
            return (next, try WorkflowQueries.passTurn(after: next, now: now, db))
        }
        leases.keep(concluded)
        if concluded.finishedAt != nil { intake.ended(concluded.id) }
        if turned { nudge() }
        return concluded
    }

    /// Waits a moment in memory, and in no slot, for the signal of what the step waits for; says whether it came. Two
    /// thirds of the lease are left to the step that follows.
    private func linger(_ record: WorkflowRecord, _ seconds: Double, _ bell: Bell) async -> Bool {
        let limit = record.leaseUntil.advanced(seconds: -limits.leaseSeconds * 2 / 3)
        let until = min(clock.now().advanced(seconds: min(seconds, limits.lingerSeconds)), limit)
        guard limits.lingerSeconds > 0, clock.now() < until else { return false }
        slots.giveBack()
        defer { slots.take() }
        return await bell.wait(until: until, clock: clock)
    }

    private func retryLater(_ record: WorkflowRecord) async throws -> WorkflowRecord? {
        var next = record
        next.attempt += 1
        return try await nap(next, seconds: min(30, 0.1 * Double(1 << min(record.attempt, 9))))
    }

    private func nap(_ record: WorkflowRecord, seconds: Double) async throws -> WorkflowRecord? {
        var next = record
        next.wakeAt = clock.now().advanced(seconds: seconds)
        next.leaseUntil = Timestamp(microseconds: 0)
        _ = try await write(next)
        nudge()
        return nil
    }

    private func write(
        _ record: WorkflowRecord, carrier: WorkflowCarrier? = nil,
        commit: @escaping @Sendable (any Connection) throws -> Told = { _ in {} }
    ) async throws -> CarriedWorkflow {
        let now = clock.now()
        var renewed = record
        if renewed.finishedAt == nil, renewed.leaseUntil.microseconds > 0 {
            renewed.leaseUntil = now.advanced(seconds: limits.leaseSeconds)
        }
        let next = renewed
        let written = try await database.transaction { db in
            let told = try commit(db)
            var carried = try carrier?.carry(next, at: now, db) ?? CarriedWorkflow(record: next)
            carried.told.insert(told, at: 0)
            guard try WorkflowQueries.commit(carried.record, now: now, db) else { throw LeaseLost() }
            carried.hasPassedTurn = try WorkflowQueries.passTurn(after: carried.record, now: now, db)
            return carried
        }
        leases.keep(written.record)
        return written
    }
}
