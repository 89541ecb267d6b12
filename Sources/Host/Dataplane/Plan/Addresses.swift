import Model

/// Text of a topology reaches a command, a rule or a file only through these three.
extension IPAddress {
    /// Reads `10.0.0.1`, `fe80::1`.
    init(planned text: String) throws(PlanError) {
        guard let address = IPAddress(text) else { throw PlanError("'\(text)' is not an IP address") }
        self = address
    }
}

extension CIDR {
    /// Reads `10.0.0.0/8`, `2001:db8::/64`, `10.0.0.1`; clears the bits behind the prefix.
    init(planned text: String) throws(PlanError) {
        guard let prefix = CIDR(text) else { throw PlanError("'\(text)' is not an IP address or prefix") }
        self = prefix
    }

    /// As nft and ip print it: a single address has no length.
    var toolText: String { isSingle ? first.description : description }

    /// Sorted, without those that another covers: what an nftables interval set takes.
    static func merged(_ prefixes: [CIDR]) -> [CIDR] {
        var kept: [CIDR] = []
        for prefix in Set(prefixes).sorted() where !kept.contains(where: { $0.contains(prefix) }) {
            kept.append(prefix)
        }
        return kept
    }
}

extension MACAddress {
    /// Reads `fa:16:3e:00:00:01`.
    init(planned text: String) throws(PlanError) {
        guard let address = MACAddress(text) else { throw PlanError("'\(text)' is not a MAC address") }
        self = address
    }
}

extension Character {
    var isASCIIDigit: Bool { isASCII && isNumber }
}

func hex(_ value: some BinaryInteger, width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
