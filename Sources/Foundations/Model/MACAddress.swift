/// A MAC address, in lower case with colons.
package struct MACAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let bytes: [UInt8]

    package init?(_ text: String) {
        let parts = text.split(separator: ":" as Character, omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in
            part.utf8.count == 2 && part.allSatisfy(\.isHexDigit) ? UInt8(part, radix: 16) : nil
        }
        guard parts.count == 6, bytes.count == 6 else { return nil }
        self.bytes = bytes
    }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    /// The address that a guest with this MAC makes in a prefix of at most 64 bits (RFC 4291, appendix A).
    package func address(in prefix: CIDR) -> IPAddress {
        let identifier = [bytes[0] ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]]
        return IPAddress(version: 6, number: identifier.reduce(prefix.first.number >> 64) { $0 << 8 | UInt128($1) })
    }

    package var linkLocal: IPAddress {
        address(in: CIDR(first: IPAddress(version: 6, number: 0xfe80 << 112), length: 64))
    }

    package static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
