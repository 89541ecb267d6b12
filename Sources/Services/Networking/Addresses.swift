import Model
import Store

/// Handing out addresses.
extension NetworkingService {
    /// A hardware address that no port of the network has; among 5,000 random ones two are often the same.
    static func freeMAC(on network: NetworkID, _ db: any Connection) throws -> String {
        while true {
            let address = randomMAC()
            if try !PortQueries.hasPort(with: address, on: network, db) { return address }
        }
    }

    /// OpenStack's prefix, three random bytes.
    private static func randomMAC() -> String {
        var generator = SystemRandomNumberGenerator()
        let tail = (0..<3).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return "fa:16:3e" + tail.map { ":" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Takes the wanted address, or the next free one of the subnet's pools.
    static func allocate(
        in subnet: Subnet, wanted: String?, for port: PortID, _ db: any Connection
    ) throws -> String {
        if let wanted { return try take(wanted, in: subnet, for: port, db) }
        guard let address = try takeNext(in: subnet, for: port, db) else { throw exhausted(subnet.networkID) }
        return address
    }

    static func exhausted(_ network: NetworkID) -> CloudError {
        CloudError(
            .conflict, "No more IP addresses available on network \(network).", type: "IpAddressGenerationFailure")
    }

    private static func take(
        _ text: String, in subnet: Subnet, for port: PortID, _ db: any Connection
    ) throws -> String {
        guard let address = IPAddress(text), let cidr = CIDR(subnet.cidr), cidr.contains(address),
            cidr.hosts.contains(address) || isGateway(address, of: subnet)
        else {
            throw CloudError(
                .badRequest, "IP address \(text.prefix(64)) is not a valid IP for the specified subnet.",
                type: "InvalidIpForSubnet")
        }
        guard try SubnetQueries.take(address, in: subnet.id, for: port, db) else {
            throw CloudError(
                .conflict, "IP address \(address) already allocated in subnet \(subnet.id).",
                type: "IpAddressAlreadyAllocated")
        }
        return address.description
    }

    static func isGateway(_ address: IPAddress, of subnet: Subnet) -> Bool {
        subnet.gatewayIP.flatMap { IPAddress($0) } == address
    }

    /// Takes the next free address; `nil` when there is none. The search goes on where the last one ended, so that a
    /// released address rests as long as possible and a large subnet costs no scan. One of more addresses than are
    /// taken is free, and so the taken ones are counted only when the first guess is wrong.
    static func takeNext(in subnet: Subnet, for port: PortID, _ db: any Connection) throws -> String? {
        let pools = AddressPools(try subnet.allocationPools.value())
        guard pools.count > 0 else { return nil }
        let start = try SubnetQueries.nextOffset(in: subnet.id, db)
        var tries = 1
        var step = 0
        while step < tries {
            let offset = (start + step) % pools.count
            if let address = pools.address(at: offset),
                try SubnetQueries.take(address, in: subnet.id, for: port, db)
            {
                try SubnetQueries.setNextOffset(offset + 1, in: subnet.id, db)
                return address.description
            }
            if step == 0 { tries = min(pools.count, try SubnetQueries.allocationCount(in: subnet.id, db) + 1) }
            step += 1
        }
        return nil
    }
}

/// The addresses a subnet gives out by itself, numbered from 0. Of a pool, and of all together, only the first 2^40
/// count; a pool that ends before it starts has none.
struct AddressPools {
    private static let limit = 1 << 40
    private var pools: [(start: IPAddress, count: Int)] = []
    private(set) var count = 0

    init(_ ranges: [AddressRange]) {
        for range in ranges {
            guard let start = IPAddress(range.start), let end = IPAddress(range.end), start.version == end.version,
                start <= end
            else { continue }
            let room = Self.limit - count
            let size = Int(min(end.number - start.number, UInt128(Self.limit - 1))) + 1
            pools.append((start, min(size, room)))
            count += min(size, room)
        }
    }

    func address(at offset: Int) -> IPAddress? {
        var rest = offset
        for (start, count) in pools {
            if rest < count { return IPAddress(version: start.version, number: start.number + UInt128(rest)) }
            rest -= count
        }
        return nil
    }
}
