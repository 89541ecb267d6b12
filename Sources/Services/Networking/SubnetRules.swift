import Model

/// What Neutron asks of a subnet's own addresses.
enum SubnetRules {
    /// The least MTU with which IPv6 works (RFC 8200).
    static let leastIPv6MTU = 1280

    /// Checks a new subnet and fills in gateway and pools as Neutron does: the first address is the gateway, the pool
    /// is everything else between network and broadcast address. An empty gateway asks for the usual one.
    static func completed(_ subnet: Subnet) throws -> (Subnet, CIDR) {
        guard subnet.cidr.contains("/"), let cidr = CIDR(subnet.cidr), cidr.version == subnet.ipVersion else {
            throw CloudError.badRequest(
                "Invalid input for cidr: '\(subnet.cidr)' is no IPv\(subnet.ipVersion) subnet.")
        }
        var made = subnet
        made.cidr = cidr.description
        if made.gatewayIP == "" { made.gatewayIP = cidr.hosts.lowerBound.description }
        let gateway = try gateway(of: made, in: cidr)
        if try made.allocationPools.value().isEmpty {
            made.allocationPools = try JSONText(pools(cidr.hosts, around: gateway))
        }
        return (try checked(made), cidr)
    }

    /// Refuses a gateway or pools that are not of the subnet, and writes them in their canonical form.
    static func checked(_ subnet: Subnet) throws -> Subnet {
        guard let cidr = CIDR(subnet.cidr) else {
            throw CloudError(.internal, "Subnet \(subnet.id) is kept with cidr '\(subnet.cidr)', which is none.")
        }
        var made = subnet
        let gateway = try gateway(of: subnet, in: cidr)
        made.gatewayIP = gateway?.description
        let pools = try subnet.allocationPools.value().map { try range($0, in: cidr) }
        for pool in pools {
            if let gateway, pool.contains(gateway) {
                throw CloudError(
                    .conflict, "Gateway ip \(gateway) conflicts with allocation pool \(text(pool)).")
            }
        }
        let sorted = pools.sorted { $0.lowerBound < $1.lowerBound }
        for (left, right) in zip(sorted, sorted.dropFirst()) where left.overlaps(right) {
            throw CloudError(
                .conflict,
                "Found overlapping allocation pools: \(text(left)) and \(text(right)) for subnet \(cidr).")
        }
        made.allocationPools = try JSONText(pools.map { range($0) })
        return made
    }

    static func check(mtu: Int, of network: NetworkID, carrying cidr: CIDR) throws {
        guard cidr.version == 6, mtu < leastIPv6MTU else { return }
        throw CloudError(
            .conflict,
            "MTU \(mtu) of network \(network) is not valid, subnet \(cidr) requires a minimum of \(leastIPv6MTU).")
    }

    private static func gateway(of subnet: Subnet, in cidr: CIDR) throws -> IPAddress? {
        guard let text = subnet.gatewayIP else { return nil }
        guard let address = IPAddress(text), cidr.version == 4 ? cidr.hosts.contains(address) : cidr.contains(address)
        else {
            throw CloudError.badRequest("Gateway '\(text.prefix(64))' is not valid on subnet \(cidr).")
        }
        return address
    }

    private static func range(_ pool: AddressRange, in cidr: CIDR) throws -> ClosedRange<IPAddress> {
        guard let start = IPAddress(pool.start), let end = IPAddress(pool.end), start <= end,
            cidr.hosts.contains(start), cidr.hosts.contains(end)
        else {
            throw CloudError.badRequest(
                "The allocation pool \(pool.start.prefix(64))-\(pool.end.prefix(64)) is not valid on \(cidr).")
        }
        return start...end
    }

    private static func range(_ pool: ClosedRange<IPAddress>) -> AddressRange {
        AddressRange(start: pool.lowerBound.description, end: pool.upperBound.description)
    }

    private static func text(_ pool: ClosedRange<IPAddress>) -> String { "\(pool.lowerBound)-\(pool.upperBound)" }

    private static func pools(_ hosts: ClosedRange<IPAddress>, around gateway: IPAddress?) -> [AddressRange] {
        guard let gateway, hosts.contains(gateway) else { return [range(hosts)] }
        var pools: [AddressRange] = []
        if gateway > hosts.lowerBound {
            let end = IPAddress(version: gateway.version, number: gateway.number - 1)
            pools.append(range(hosts.lowerBound...end))
        }
        if gateway < hosts.upperBound {
            let start = IPAddress(version: gateway.version, number: gateway.number + 1)
            pools.append(range(start...hosts.upperBound))
        }
        return pools
    }
}
