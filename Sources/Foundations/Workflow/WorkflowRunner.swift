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
                let course = WorkflowCourse(
                    definition: definition, record: record, leaseSeconds: limits.leaseSeconds,
                    lingerSeconds: bell == nil ? 0 : limits.lingerSeconds)
                guard let next = try await follow(course, bell) else { return }
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

    /// Does what the course says up to the next commit; `nil` when this runner has no more to do with the workflow.
    private func follow(_ course: WorkflowCourse, _ bell: Bell?) async throws -> WorkflowRecord? {
        let record = course.record
        var event = WorkflowEvent.taken
        while true {
            let now = clock.now()
            switch try course.action(after: event, at: now) {
            case .run(let step):
                let context = try StepContext(record, at: now)
                event = try await Self.event { .ran(try await step.run(context)) }
            case .undo(let undo):
                let context = try StepContext(record, at: now)
                event = try await Self.event { .undone(try await undo(context)) }
            case .linger(let until, let seconds):
                if let bell, await linger(until, bell) { return intake.attends(record.id, bell) ? record : nil }
                event = .heardNothing(seconds: seconds)
            case .stepDone(let next, let commit):
                do {
                    // Without a bell each commit is to be seen.
                    let carried = try await write(next, at: now, carrier: bell == nil ? nil : carrier, commit: commit)
                    intake.tell(carried, after: course.stepName)
                    return carried.needsRunner ? carried.record : nil
                } catch let error where !(error is LeaseLost || error is CancellationError) {
                    event = .failed(error)
                }
            case .write(let write): return try await carryOut(write, of: course, at: now)
            }
        }
    }

    private static func event(_ work: () async throws -> WorkflowEvent) async throws -> WorkflowEvent {
        do {
            return try await work()
        } catch let error where !(error is CancellationError) {
            return .failed(error)
        }
    }

    private func carryOut(
        _ write: WorkflowWrite, of course: WorkflowCourse, at now: Timestamp
    ) async throws -> WorkflowRecord? {
        switch write {
        case .stepUndone(let next, let commit):
            let written = try await self.write(next, at: now) { db in
                try commit(db)
                return {}
            }
            traceUndone(course)
            return written.record
        case .conclude(let next, let commit): return try await conclude(next, of: course, at: now, commit)
        case .nap(let next): return try await nap(next, at: now)
        case .tryLater(let next, let error):
            complain(of: error, course)
            return try await nap(next, at: now)
        case .turnRound(let next, let error):
            complain(of: error, course)
            return try await self.write(next, at: now).record
        }
    }

    private func complain(of error: any Error, _ course: WorkflowCourse) {
        let record = course.record
        let isForward = record.direction == .forward
        logger.log(
            level: isForward ? .warning : .error,
            isForward ? "a step failed" : "an undo failed; it is tried again",
            metadata: [
                "workflow": "\(record.id)", "kind": "\(record.kind)", "step": "\(course.stepName)",
                "request": "\(record.requestID)", "attempt": "\(record.attempt)", "error": "\(error)",
            ])
    }

    private func traceUndone(_ course: WorkflowCourse) {
        trace("a step is undone", course.record, ["step": "\(course.stepName)"])
    }

    /// The end of an unwinding decides in its transaction whether the workflow has failed or begins again.
    private func conclude(
        _ record: WorkflowRecord, of course: WorkflowCourse, at now: Timestamp, _ commit: @escaping StepCommit
    ) async throws -> WorkflowRecord? {
        let context = try StepContext(course.record, at: now)
        let end = try course.definition.unwound(context, record.failure ?? "unknown")
        let (concluded, turned) = try await database.transaction { db in
            guard try WorkflowQueries.commit(record, now: now, db) else { throw LeaseLost() }
            try commit(db)
            let concluded = try course.concluded(end(db), at: now)
            guard try WorkflowQueries.commit(concluded, now: now, db) else { throw LeaseLost() }
            return (concluded, try WorkflowQueries.passTurn(after: concluded, now: now, db))
        }
        leases.keep(concluded)
        if concluded.finishedAt != nil { intake.ended(concluded.id) }
        if turned { nudge() }
        traceUndone(course)
        if concluded.finishedAt == nil {
            trace("a workflow begins again", course.record)
            return concluded
        }
        trace.end(concluded)
        return nil
    }

    /// Waits in memory, and in no slot, for a signal; says whether it came.
    private func linger(_ until: Timestamp, _ bell: Bell) async -> Bool {
        slots.giveBack()
        defer { slots.take() }
        return await bell.wait(until: until, clock: clock)
    }

    private func nap(_ record: WorkflowRecord, at now: Timestamp) async throws -> WorkflowRecord? {
        _ = try await write(record, at: now)
        nudge()
        return nil
    }

    private func write(
        _ record: WorkflowRecord, at now: Timestamp, carrier: WorkflowCarrier? = nil,
        commit: @escaping @Sendable (any Connection) throws -> Told = { _ in {} }
    ) async throws -> CarriedWorkflow {
        let written = try await database.transaction { db in
            let told = try commit(db)
            var carried = try carrier?.carry(record, at: now, db) ?? CarriedWorkflow(record: record)
            carried.told.insert(told, at: 0)
            guard try WorkflowQueries.commit(carried.record, now: now, db) else { throw LeaseLost() }
            carried.hasPassedTurn = try WorkflowQueries.passTurn(after: carried.record, now: now, db)
            return carried
        }
        leases.keep(written.record)
        return written
    }
}
