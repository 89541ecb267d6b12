/// Addresses of one version: ranges in order, which neither overlap nor touch.
package struct PrefixSet: Sendable {
    private var ranges: [ClosedRange<UInt128>] = []
    private let version: Int

    /// Prefixes of another version are left out.
    package init(_ prefixes: [CIDR], version: Int) {
        self.version = version
        let sorted = prefixes.filter { $0.version == version }.map { $0.first.number...$0.last.number }
            .sorted { $0.lowerBound < $1.lowerBound }
        for range in sorted {
            if let last = ranges.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
    }

    /// The fewest prefixes that are the same addresses, in order.
    package var prefixes: [CIDR] { ranges.flatMap(prefixes) }

    private func prefixes(of range: ClosedRange<UInt128>) -> [CIDR] {
        let bits = version == 4 ? 32 : 128
        var found: [CIDR] = []
        var at = range.lowerBound
        while true {
            var hostBits = at == 0 ? bits : min(at.trailingZeroBitCount, bits)
            while Self.ones(hostBits) > range.upperBound - at { hostBits -= 1 }
            found.append(CIDR(first: IPAddress(version: version, number: at), length: bits - hostBits))
            let end = at + Self.ones(hostBits)
            guard end < range.upperBound else { return found }
            at = end + 1
        }
    }

    private static func ones(_ bits: Int) -> UInt128 { bits == 128 ? .max : (1 << UInt128(bits)) - 1 }

    package func isSuperset(of other: Self) -> Bool {
        other.ranges.allSatisfy { range in
            ranges.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }
        }
    }

    package func overlaps(_ other: Self) -> Bool {
        ranges.contains { range in other.ranges.contains { range.overlaps($0) } }
    }

    package func subtracting(_ other: Self) -> Self {
        var left = self
        for taken in other.ranges {
            left.ranges = left.ranges.flatMap { range -> [ClosedRange<UInt128>] in
                guard range.overlaps(taken) else { return [range] }
                var parts: [ClosedRange<UInt128>] = []
                if range.lowerBound < taken.lowerBound { parts.append(range.lowerBound...(taken.lowerBound - 1)) }
                if taken.upperBound < range.upperBound { parts.append((taken.upperBound + 1)...range.upperBound) }
                return parts
            }
        }
        return left
    }
}
