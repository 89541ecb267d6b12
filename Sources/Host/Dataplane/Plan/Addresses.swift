/// An IPv4 or IPv6 prefix; an address is a prefix of full length. Text that comes from users reaches a command, a rule
/// or a file only through this type.
package struct IPPrefix: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Network byte order: 4 or 16 bytes, host bits kept.
    package let bytes: [UInt8]
    package let length: Int

    package var isIPv4: Bool { bytes.count == 4 }
    package var isSingle: Bool { length == bytes.count * 8 }

    package init(bytes: [UInt8], length: Int) {
        self.bytes = bytes
        self.length = length
    }

    /// Reads `10.0.0.1`, `10.0.0.0/8`, `fe80::1`, `2001:db8::/64`.
    package init(_ text: String) throws(PlanError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = parseIPv4(parts[0]) ?? parseIPv6(parts[0]) else {
            throw PlanError("'\(text)' is not an IP address or prefix")
        }
        var length = bytes.count * 8
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...length).contains(given), parts[1].allSatisfy(\.isASCIIDigit) else {
                throw PlanError("'\(text)' has a prefix length that does not exist")
            }
            length = given
        }
        self.init(bytes: bytes, length: length)
    }

    /// The address alone.
    package var address: String { isIPv4 ? bytes.map(String.init).joined(separator: ".") : formatIPv6(bytes) }

    /// With `/length` unless it is a single address.
    package var description: String { isSingle ? address : "\(address)/\(length)" }

    /// Host bits cleared.
    package var network: IPPrefix {
        var cleared = bytes
        for index in cleared.indices {
            let kept = min(max(length - index * 8, 0), 8)
            cleared[index] &= UInt8(truncatingIfNeeded: 0xff00 >> kept)
        }
        return IPPrefix(bytes: cleared, length: length)
    }

    package func contains(_ other: IPPrefix) -> Bool {
        guard bytes.count == other.bytes.count, other.length >= length else { return false }
        return IPPrefix(bytes: other.bytes, length: length).network.bytes == network.bytes
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.bytes.count != right.bytes.count { return left.bytes.count < right.bytes.count }
        if left.bytes != right.bytes { return left.bytes.lexicographicallyPrecedes(right.bytes) }
        return left.length < right.length
    }

    /// Sorted, with host bits cleared and without those that another covers: what an nftables interval set takes.
    package static func merged(_ prefixes: [IPPrefix]) -> [IPPrefix] {
        var kept: [IPPrefix] = []
        for prefix in Set(prefixes.map(\.network)).sorted() where !kept.contains(where: { $0.contains(prefix) }) {
            kept.append(prefix)
        }
        return kept
    }
}

/// A unicast MAC address in lower case with colons.
package struct MACAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let bytes: [UInt8]

    package init(_ text: String) throws(PlanError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.utf8.count == 2 ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, bytes.count == 6 else { throw PlanError("'\(text)' is not a MAC address") }
        self.bytes = bytes
    }

    package var description: String { bytes.map { hex($0, width: 2) }.joined(separator: ":") }

    /// The link-local address that a guest makes from this MAC (RFC 4291, appendix A).
    package var linkLocal: IPPrefix {
        let interface = [bytes[0] ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]]
        return IPPrefix(bytes: [0xfe, 0x80, 0, 0, 0, 0, 0, 0] + interface, length: 128)
    }

    package static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension Character {
    var isASCIIDigit: Bool { isASCII && isNumber }
}

func hex(_ value: some BinaryInteger, width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func parseIPv4(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { part in
        part.allSatisfy(\.isASCIIDigit) && part.utf8.count <= 3 ? UInt8(part) : nil
    }
    return parts.count == 4 && bytes.count == 4 ? bytes : nil
}

private func parseIPv6(_ text: Substring) -> [UInt8]? {
    guard text.contains(":") else { return nil }
    let halves = splitAtDoubleColon(text)
    guard halves.count <= 2 else { return nil }
    let groups = halves.map(parseGroups)
    guard let first = groups.first, let head = first else { return nil }
    guard halves.count == 2 else { return head.count == 16 ? head : nil }
    guard let tail = groups[1], head.count + tail.count <= 14 else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
}

private func splitAtDoubleColon(_ text: Substring) -> [Substring] {
    var halves: [Substring] = []
    var rest = text
    while let range = rest.firstRange(of: "::") {
        halves.append(rest[..<range.lowerBound])
        rest = rest[range.upperBound...]
    }
    return halves + [rest]
}

private func parseGroups(_ text: Substring) -> [UInt8]? {
    if text.isEmpty { return [] }
    var bytes: [UInt8] = []
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, group) in groups.enumerated() {
        if index == groups.count - 1, let embedded = parseIPv4(group) {
            bytes += embedded
        } else if (1...4).contains(group.utf8.count), group.allSatisfy(\.isHexDigit),
            let value = UInt16(group, radix: 16)
        {
            bytes += [UInt8(value >> 8), UInt8(value & 0xff)]
        } else {
            return nil
        }
    }
    return bytes.count <= 16 ? bytes : nil
}

/// The canonical text of RFC 5952.
private func formatIPv6(_ bytes: [UInt8]) -> String {
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    var best = 0..<0
    var start = 0
    while start < 8 {
        var end = start
        while end < 8, groups[end] == 0 { end += 1 }
        if end - start > max(best.count, 1) { best = start..<end }
        start = max(end, start + 1)
    }
    func text(_ range: Range<Int>) -> String { groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
    return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
}
