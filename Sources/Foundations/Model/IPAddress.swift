/// An IPv4 or IPv6 address as a number.
package struct IPAddress: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 4 or 6.
    package var version: Int
    package var number: UInt128

    package init(version: Int, number: UInt128) {
        self.version = version
        self.number = number
    }

    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 45 else { return nil }
        if let number = Self.parseIPv4(text) {
            self.init(version: 4, number: UInt128(number))
        } else if let number = Self.parseIPv6(text) {
            self.init(version: 6, number: number)
        } else {
            return nil
        }
    }

    package var bits: Int { version == 4 ? 32 : 128 }

    /// 4 or 16, in network order.
    package var bytes: [UInt8] {
        stride(from: bits - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt128($0)) }
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.version, left.number) < (right.version, right.number)
    }

    private static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: "." as Character, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
                part.utf8.count == 1 || part.first != "0", let value = UInt8(part)
            else { return nil }
            number = number << 8 | UInt32(value)
        }
        return number
    }

    /// RFC 4291, without zones; an IPv4 tail is accepted.
    private static func parseIPv6(_ text: some StringProtocol) -> UInt128? {
        var text = String(text)
        if let colon = text.lastIndex(of: ":"), let tail = parseIPv4(text[text.index(after: colon)...]) {
            text = text[...colon] + String(tail >> 16, radix: 16) + ":" + String(tail & 0xffff, radix: 16)
        }
        let halves = text.components(separatedByDoubleColon: ())
        guard halves.count <= 2, let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 8 ? join(head) : nil }
        guard let tail = groups(halves[1]), head.count + tail.count < 8 else { return nil }
        return join(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func groups(_ text: String) -> [UInt16]? {
        if text.isEmpty { return [] }
        var found: [UInt16] = []
        for part in text.split(separator: ":" as Character, omittingEmptySubsequences: false) {
            guard (1...4).contains(part.utf8.count), part.first != "+", part.first != "-",
                let value = UInt16(part, radix: 16)
            else { return nil }
            found.append(value)
        }
        return found
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// RFC 5952.
    package var description: String {
        if version == 4 {
            return [24, 16, 8, 0].map { String(number >> UInt128($0) & 0xff) }.joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: number >> UInt128(112 - 16 * $0)) }
        let zeros = Self.longestZeros(groups)
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard zeros.count > 1 else { return text(groups[...]) }
        return text(groups[..<zeros.lowerBound]) + "::" + text(groups[zeros.upperBound...])
    }

    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start: Int?
        for at in 0...8 {
            if at < 8, groups[at] == 0 {
                if start == nil { start = at }
            } else if let from = start {
                if at - from > best.count { best = from..<at }
                start = nil
            }
        }
        return best
    }
}

extension String {
    fileprivate func components(separatedByDoubleColon: Void) -> [String] {
        guard let range = firstRange(of: "::") else { return [self] }
        let rest = String(self[range.upperBound...])
        return rest.contains("::") || rest.hasPrefix(":") ? ["", "", ""] : [String(self[..<range.lowerBound]), rest]
    }
}

/// A network prefix; an address is one of full length. The bits behind the prefix are zero.
package struct CIDR: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var first: IPAddress
    package var length: Int

    package init(first: IPAddress, length: Int) {
        self.first = first
        self.length = length
    }

    package init(_ address: IPAddress) {
        self.init(first: address, length: address.bits)
    }

    /// `strict` refuses set bits behind the prefix; otherwise they are cleared.
    package init?(_ text: some StringProtocol, strict: Bool = false) {
        guard let (address, length) = Self.parse(text) else { return nil }
        let hostBits = UInt128(address.bits - length)
        let cleared = hostBits == 128 ? 0 : (address.number >> hostBits) << hostBits
        if strict, cleared != address.number { return nil }
        first = IPAddress(version: address.version, number: cleared)
        self.length = length
    }

    /// The address as it is written, and the length; an address alone has all of its bits.
    package static func parse(_ text: some StringProtocol) -> (address: IPAddress, length: Int)? {
        let parts = text.split(separator: "/" as Character, omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else { return (address, address.bits) }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
            let length = Int(parts[1]), length <= address.bits
        else { return nil }
        return (address, length)
    }

    package var version: Int { first.version }
    package var isSingle: Bool { length == first.bits }
    package var netmask: IPAddress {
        let ones: UInt128 = version == 4 ? 0xffff_ffff : .max
        return IPAddress(version: version, number: ones ^ (last.number - first.number))
    }
    /// What a port may have: all but the network's own address, and in IPv4 the broadcast address. A prefix of two
    /// addresses or one has neither.
    package var hosts: ClosedRange<IPAddress> {
        guard length < first.bits - 1 else { return first...last }
        let end = IPAddress(version: version, number: last.number - (version == 4 ? 1 : 0))
        return IPAddress(version: version, number: first.number + 1)...end
    }
    package var last: IPAddress {
        let hostBits = UInt128(first.bits - length)
        let ones: UInt128 = hostBits == 128 ? .max : (1 << hostBits) - 1
        return IPAddress(version: version, number: first.number | ones)
    }
    package var description: String { "\(first)/\(length)" }

    package func contains(_ address: IPAddress) -> Bool {
        address.version == version && address >= first && address <= last
    }

    package func contains(_ other: CIDR) -> Bool { other.length >= length && contains(other.first) }

    package func overlaps(_ other: CIDR) -> Bool {
        version == other.version && first <= other.last && other.first <= last
    }

    package static func < (left: Self, right: Self) -> Bool { (left.first, left.length) < (right.first, right.length) }
}
