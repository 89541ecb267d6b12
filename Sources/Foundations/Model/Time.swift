import Foundation

/// A point in time: microseconds since 1970-01-01T00:00:00Z, which is what the store keeps.
public struct Timestamp: Hashable, Sendable, Comparable, Codable {
    public var microseconds: Int64

    @inlinable
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.microseconds < right.microseconds
    }

    public func advanced(seconds: Double) -> Self {
        Self(microseconds: microseconds + Int64(seconds * 1_000_000))
    }

    /// Seconds from `other` to this.
    public func seconds(since other: Self) -> Double {
        Double(microseconds - other.microseconds) / 1_000_000
    }

    /// Nova, Glance and Neutron write seconds and `Z`; Keystone writes microseconds; instance actions write
    /// microseconds without a zone.
    package enum Style: Sendable {
        case seconds
        case microseconds
        case microsecondsWithoutZone
    }

    /// ISO 8601 in UTC.
    package func iso8601(_ style: Style = .seconds) -> String {
        var writer = TimeWriter()
        return String(unsafeUninitializedCapacity: Self.longest) { writer.write(self, style, to: $0) }
    }

    /// Bytes that any of the styles takes at most.
    package static let longest = 32

    /// Reads ISO 8601: a date, perhaps with a time, a fraction and a zone. Without a zone the time is UTC; what follows
    /// the sixth digit of the fraction is dropped.
    package init?(iso8601 text: String) {
        let form = /([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(.*))?/
        guard let parts = text.wholeMatch(of: form)?.output,
            let days = CivilDate.days(year: number(parts.1), month: number(parts.2), day: number(parts.3)),
            let offset = zoneOffset(parts.8 ?? "")
        else { return nil }
        let (hour, minute, second) = (number(parts.4), number(parts.5), number(parts.6))
        guard hour < 24, minute < 60, second < 60 else { return nil }
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        microseconds = Int64(seconds) * 1_000_000 + Int64(number(((parts.7 ?? "") + "000000").prefix(6)))
    }
}

/// Digits that a pattern has found; what is not there counts as 0.
private func number(_ digits: Substring?) -> Int {
    digits.flatMap { Int($0) } ?? 0
}

/// Seconds east of UTC.
private func zoneOffset(_ text: Substring) -> Int? {
    if text.isEmpty || text == "Z" { return 0 }
    guard let parts = text.wholeMatch(of: /([+-])([0-9]{2}):?([0-9]{2})?/)?.output else { return nil }
    let (hours, minutes) = (number(parts.2), number(parts.3))
    guard hours < 24, minutes < 60 else { return nil }
    return (hours * 3600 + minutes * 60) * (parts.1 == "-" ? -1 : 1)
}

/// Writes times in ISO 8601, and looks for the date of a day once, for all times of that day that follow.
package struct TimeWriter: Sendable {
    private var day: Int64?
    /// `2026-11-29T`, and bytes that mean nothing.
    private var date = SIMD16<UInt8>()
    private static let dateBytes = 11

    package init() {}

    /// - Parameter buffer: of at least `Timestamp.longest` bytes.
    /// - Returns: how many it took.
    package mutating func write(
        _ time: Timestamp, _ style: Timestamp.Style, to buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        let seconds = floorDivide(time.microseconds, 1_000_000)
        let day = floorDivide(seconds, 86_400)
        if day != self.day { turn(to: day) }
        UnsafeMutableRawBufferPointer(buffer).storeBytes(of: date, as: SIMD16<UInt8>.self)
        let second = UInt32(truncatingIfNeeded: seconds - day * 86_400)
        var text = Digits(buffer, from: Self.dateBytes)
        text.write(pair: second / 3600, then: ":")
        text.write(pair: second / 60 % 60, then: ":")
        text.write(pair: second % 60, then: style == .seconds ? "Z" : ".")
        if style != .seconds {
            let fraction = UInt32(truncatingIfNeeded: time.microseconds - seconds * 1_000_000)
            text.write(pair: fraction / 10_000)
            text.write(pair: fraction / 100 % 100)
            text.write(pair: fraction % 100, then: style == .microseconds ? "Z" : nil)
        }
        return text.count
    }

    private mutating func turn(to day: Int64) {
        self.day = day
        let (year, month, dayOfMonth) = CivilDate.date(day: Int(day))
        withUnsafeMutableBytes(of: &date) { bytes in
            var text = Digits(bytes.bindMemory(to: UInt8.self), from: 0)
            text.write(pair: UInt32(year.magnitude / 100 % 100))
            text.write(pair: UInt32(year.magnitude % 100), then: "-")
            text.write(pair: UInt32(month), then: "-")
            text.write(pair: UInt32(dayOfMonth), then: "T")
        }
    }
}

/// Numbers of two digits, one after the other.
private struct Digits {
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var count: Int

    init(_ buffer: UnsafeMutableBufferPointer<UInt8>, from start: Int) {
        self.buffer = buffer
        count = start
    }

    /// - Parameter number: below 100.
    @inline(__always)
    mutating func write(pair number: UInt32, then sign: Unicode.Scalar? = nil) {
        buffer[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10)
        buffer[count + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10)
        count += 2
        guard let sign else { return }
        buffer[count] = UInt8(ascii: sign)
        count += 1
    }
}

private func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
    value >= 0 ? value / by : -((-value + by - 1) / by)
}

/// Days to calendar dates and back, after Howard Hinnant's `civil_from_days` and `days_from_civil`.
private enum CivilDate {
    /// Days since 1970-01-01; `nil` for a date that is not in the calendar.
    static func days(year: Int, month: Int, day: Int) -> Int? {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return date(day: days) == (year, month, day) ? days : nil
    }

    /// - Parameter day: since 1970-01-01.
    static func date(day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

/// Where time comes from. Tests turn theirs by hand.
package protocol CloudClock: Sendable {
    func now() -> Timestamp
    /// Returns when the clock reaches `deadline`, or throws `CancellationError`.
    func sleep(until deadline: Timestamp) async throws
}

/// Begins with the system's time and goes on evenly from there, also when that is set.
package struct SteadyClock: CloudClock {
    private let wall = SystemClock().now()
    private let start = ContinuousClock.now

    package init() {}

    package func now() -> Timestamp {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return Timestamp(microseconds: wall.microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    package func sleep(until deadline: Timestamp) async throws {
        let wait = deadline.microseconds - now().microseconds
        if wait > 0 { try await Task.sleep(for: .microseconds(wait)) }
    }
}

package struct SystemClock: CloudClock {
    /// When this machine came up; what it has slept since does not count.
    package static var bootedAt: Timestamp {
        var up = timespec()
        clock_gettime(CLOCK_MONOTONIC, &up)
        return SystemClock().now().advanced(seconds: -Double(up.tv_sec))
    }

    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    package func sleep(until deadline: Timestamp) async throws {
        let wait = deadline.microseconds - now().microseconds
        if wait > 0 { try await Task.sleep(for: .microseconds(wait)) }
    }
}
