import Model

/// Where a request comes from, for fairness: no proof of who somebody is.
enum ClientSource {
    /// The address without what a client chooses of it: the last half, of IPv6. Behind a proxy on this machine it is
    /// what the proxy has seen last (`X-Forwarded-For`).
    static func of(_ address: String, forwarded: String?) -> String {
        guard ["127.0.0.1", "::1", ""].contains(address), let seen = forwarded?.split(separator: ",").last else {
            return network(of: address)
        }
        return network(of: seen.filter { !$0.isWhitespace })
    }

    private static func network(of address: String) -> String {
        guard let known = IPAddress(address), known.version == 6 else { return String(address.prefix(64)) }
        // One of IPv4 that came to a socket of IPv6.
        if known.number >> 32 == 0xffff { return "\(IPAddress(version: 4, number: known.number & 0xffff_ffff))" }
        return "\(IPAddress(version: 6, number: (known.number >> 64) << 64))"
    }
}
