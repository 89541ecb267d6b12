import Model
import TestSupport
import Testing

@testable import Store

/// The time of a store that several machines share.
@Suite(.timeLimit(.minutes(3))) struct DatabaseClockTests {
    @Test func sqliteHasItsMachinesTime() throws {
        #expect(DatabaseClock(try ScratchStore()) == nil)
    }

    @Test(.enabled(if: StoreKind.hasPostgreSQL, "PostgreSQL is not installed"))
    func postgreSQLHasItsServersTime() async throws {
        let store = try await ScratchStore(on: .postgresql)
        let local = ManualClock(now: Timestamp(microseconds: 0))
        let clock = try #require(DatabaseClock(store, local: local))
        #expect(clock.now() == local.now())
        let before = try await time(of: store)
        try await clock.measure()
        let after = try await time(of: store)
        let measured = clock.now()
        #expect(before <= measured && measured <= after)

        local.advance(seconds: 5)
        #expect(clock.now() == measured.advanced(seconds: 5))
        let asleep = Task { try await clock.sleep(until: measured.advanced(seconds: 8)) }
        local.advance(seconds: 3)
        try await asleep.value
    }

    private func time(of store: ScratchStore) async throws -> Timestamp {
        let statement = try #require(store.timeStatement)
        let found = try await store.read { try $0.integer(statement) }
        return Timestamp(microseconds: try #require(found))
    }

    /// Asked at a local time in seconds, answered so many seconds later with a time so many seconds ahead.
    private func reading(at asked: Double, took: Double, ahead: Double) -> ClockReading {
        let start = Timestamp(microseconds: 0).advanced(seconds: asked)
        return ClockReading(
            of: start.advanced(seconds: took / 2 + ahead), asked: start, answered: start.advanced(seconds: took))
    }

    @Test func itIsWrongByHalfTheRoundTripAtMost() {
        let found = reading(at: 100, took: 0.5, ahead: -60)
        #expect(found.ahead == -60_000_000 && found.error == 250_000)
    }

    @Test(arguments: [
        // As precise as it was, or more.
        (10.0, 0.002, 60.0, true), (10, 0.001, 60, true),
        // Less precise, and the old one is not so much worse yet; in 100 seconds it is.
        (10, 0.1, 60, false), (100, 0.1, 60, true),
        // Nothing that both allow: a clock was set.
        (10, 0.1, 61, true), (10, 0.1, -60, true),
    ])
    func aMeasurementCountsWhenItIsBetterOrContradicts(at: Double, took: Double, ahead: Double, counts: Bool) {
        let old = reading(at: 0, took: 0.002, ahead: 60)
        #expect(old.isWorse(than: reading(at: at, took: took, ahead: ahead)) == counts)
    }
}
