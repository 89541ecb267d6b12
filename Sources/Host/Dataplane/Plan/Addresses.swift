import Model

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
        guard let (address, length) = CIDR.parse(text) else {
            throw PlanError("'\(text)' is not an IP address or prefix")
        }
        let shifts = stride(from: address.bits - 8, through: 0, by: -8)
        self.init(bytes: shifts.map { UInt8(truncatingIfNeeded: address.number >> UInt128($0)) }, length: length)
    }

    /// The address alone.
    package var address: String {
        IPAddress(version: isIPv4 ? 4 : 6, number: bytes.reduce(0) { $0 << 8 | UInt128($1) }).description
    }

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
