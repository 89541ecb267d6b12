import Model
import Store

/// Handing out addresses.
extension NetworkingService {
    /// A hardware address that no port of the network has; among 5,000 random ones two are often the same.
    static func freeMAC(on network: NetworkID, _ db: any Connection) throws -> String {
        while true {
            let address = randomMAC()
            if try !NetworkQueries.hasPort(with: address, on: network, db) { return address }
        }
    }

    /// OpenStack's prefix, three random bytes.
    private static func randomMAC() -> String {
        var generator = SystemRandomNumberGenerator()
        let tail = (0..<3).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return "fa:16:3e" + tail.map { ":" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Takes the wanted address, or the next free one of the pools. The search goes on where the last one ended, so
    /// that a released address rests as long as possible and a large subnet costs no scan.
    static func allocate(
        in subnet: Subnet, wanted: String?, for port: PortID, _ db: any Connection
    ) throws -> String {
        if let wanted {
            guard let address = IPAddress(wanted), let cidr = CIDR(subnet.cidr), cidr.contains(address) else {
                throw CloudError.badRequest(
                    "IP address \(wanted.prefix(64)) is not a valid IP for the specified subnet \(subnet.cidr).")
            }
            guard try NetworkQueries.take(address, in: subnet.id, for: port, db) else {
                throw CloudError(.conflict, "IP address \(address) already allocated in subnet \(subnet.id).")
            }
            return address.description
        }
        let pools = try subnet.allocationPools.value().compactMap { pool -> (IPAddress, UInt128)? in
            guard let start = IPAddress(pool.start), let end = IPAddress(pool.end) else { return nil }
            return (start, end.number - start.number + 1)
        }
        let total = pools.reduce(UInt128(0)) { $0 + $1.1 }
        let size = Int(min(total, UInt128(1 << 40)))
        let start = try NetworkQueries.nextOffset(in: subnet.id, db)
        let taken = try NetworkQueries.allocationCount(in: subnet.id, db)
        for step in 0..<min(size, taken + 2) {
            let offset = (start + step) % size
            let address = address(at: offset, in: pools)
            if try NetworkQueries.take(address, in: subnet.id, for: port, db) {
                try NetworkQueries.setNextOffset(offset + 1, in: subnet.id, db)
                return address.description
            }
        }
        throw CloudError(.conflict, "No more IP addresses available on network \(subnet.networkID).")
    }

    private static func address(at offset: Int, in pools: [(IPAddress, UInt128)]) -> IPAddress {
        var rest = UInt128(offset)
        for (start, count) in pools {
            if rest < count { return IPAddress(version: start.version, number: start.number + rest) }
            rest -= count
        }
        return pools.first?.0 ?? IPAddress(version: 4, number: 0)
    }
}
