import Model
import Store
import TestSupport
import Testing
import Workflow

/// Processes of one store whose machines' clocks differ.
@Suite(.timeLimit(.minutes(3)), .enabled(if: StoreKind.hasPostgreSQL, "PostgreSQL is not installed"))
struct SharedTimeTests {
    /// The second runner's clock is a minute ahead of the first one's, which is right or late by that minute.
    @Test(arguments: [0.0, -60])
    func aLeaseIsHeldAgainstAClockThatIsAhead(late: Double) async throws {
        let store = try await ScratchStore(on: .postgresql)
        let now = SystemClock().now()
        // What is due has been so for an hour, by either clock.
        let bench = Bench(on: store, ManualClock(now: now.advanced(seconds: -3600)))
        let id = try await bench.add(deadlineSeconds: 7200)
        let clocks = [late + 60, late].map { ManualClock(now: now.advanced(seconds: $0)) }
        // The one that looks for ended leases asks first, so that it is behind by what passes until the other asks.
        let second = bench.runner([bench.threeSteps()], clock: try await shared(store, clocks[0]))
        let first = bench.runner([bench.threeSteps()], clock: try await shared(store, clocks[1]))

        #expect(await first.step() == 1)
        #expect(await second.step() == 0)
        #expect(try await bench.record(id).leaseEpoch == 1)

        for clock in clocks { clock.advance(seconds: 600) }
        #expect(await second.step() == 1)
        #expect(try await bench.record(id).leaseEpoch == 2)
    }

    private func shared(_ store: ScratchStore, _ local: ManualClock) async throws -> DatabaseClock {
        let clock = try #require(DatabaseClock(store, local: local))
        try await clock.measure()
        return clock
    }
}
