import Foundation
import Model
import Testing
import TestSupport

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000Z"),
        (1_767_225_599_999_999, "2025-12-31T23:59:59Z", "2025-12-31T23:59:59.999999Z"),
        (4_107_542_400_000_005, "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000005Z"),
    ])
    func writesEachStyle(microseconds: Int64, seconds: String, exact: String) {
        let time = Timestamp(microseconds: microseconds)
        #expect(time.iso8601() == seconds)
        #expect(time.iso8601(.microseconds) == exact)
        #expect(time.iso8601(.microsecondsWithoutZone) + "Z" == exact)
    }

    @Test func agreesWithFoundationOnEveryDay() {
        let formatter = Date.ISO8601FormatStyle()
        var random = SeededGenerator(seed: 4)
        for day in stride(from: -40_000, through: 80_000, by: 1) {
            let seconds = day * 86_400 + Int.random(in: 0..<86_400, using: &random)
            let time = Timestamp(microseconds: Int64(seconds) * 1_000_000)
            #expect(time.iso8601() == Date(timeIntervalSince1970: Double(seconds)).formatted(formatter))
        }
    }

    @Test func readsBackWhatItWrites() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let time = Timestamp(microseconds: Int64.random(in: 0..<4_000_000_000_000_000, using: &random))
            #expect(Timestamp(iso8601: time.iso8601(.microseconds)) == time)
            #expect(Timestamp(iso8601: time.iso8601(.microsecondsWithoutZone)) == time)
            let whole = Timestamp(microseconds: time.microseconds / 1_000_000 * 1_000_000)
            #expect(Timestamp(iso8601: time.iso8601()) == whole)
        }
    }

    @Test(arguments: [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000000Z"),
        ("2026-01-02T03:04:05-0130", "2026-01-02T04:34:05.000000Z"),
        ("2026-01-02T03:04:05.25Z", "2026-01-02T03:04:05.250000Z"),
        ("2026-01-02T03:04:05.123456", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T03:04:05.9999999-03", "2026-01-02T06:04:05.999999Z"),
        ("2026-01-02T03:04", "2026-01-02T03:04:00.000000Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000000Z"),
    ])
    func readsWhatClientsSend(text: String, exact: String) throws {
        #expect(try #require(Timestamp(iso8601: text)).iso8601(.microseconds) == exact)
    }

    @Test(arguments: [
        "", "now", "2026-13-01T00:00:00Z", "2026-00-01", "2026-02-29", "2026-04-31", "2026-01-02T24:00:00",
        "2026-01-02T03", "2026-01-02T03:60", "2026-01-02T03:04:60", "2026-01-02T03:04:05Zulu",
        "2026-01-02T03:04:05.Z", "yesterday-", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+1",
        "20260102T030405Z", "2026-01-02Z", " 2026-01-02", "２026-01-02",
    ])
    func refusesWhatIsNoTime(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func countsSeconds() {
        let start = Timestamp(microseconds: 1_000_000)
        #expect(start.advanced(seconds: 1.5).microseconds == 2_500_000)
        #expect(start.advanced(seconds: 1.5).seconds(since: start) == 1.5)
        #expect(start < start.advanced(seconds: 0.000_001))
    }
}
