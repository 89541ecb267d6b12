import Model

/// Where a request comes from, so that sources can take turns. It proves nothing about who somebody is.
enum ClientSource {
    /// The IPv4 address, or the first half of the IPv6 address, whose second half a client chooses itself. Behind a
    /// proxy on this machine it is the address that the proxy saw (the last one in `X-Forwarded-For`).
    static func of(_ address: String, forwarded: String?) -> String {
        guard ["127.0.0.1", "::1", ""].contains(address), let seen = forwarded?.split(separator: ",").last else {
            return network(of: address)
        }
        return network(of: seen.filter { !$0.isWhitespace })
    }

    private static func network(of address: String) -> String {
        guard let known = IPAddress(address), known.version == 6 else { return String(address.prefix(64)) }
        // An IPv4 client on a socket of IPv6.
        if known.number >> 32 == 0xffff { return "\(IPAddress(version: 4, number: known.number & 0xffff_ffff))" }
        return "\(IPAddress(version: 6, number: (known.number >> 64) << 64))"
    }
}
