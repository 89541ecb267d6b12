import Model

/// What Neutron asks of a subnet's own addresses.
enum SubnetRules {
    /// The least MTU with which IPv6 works (RFC 8200).
    static let leastIPv6MTU = 1280

    /// Checks a new subnet and fills in gateway and pools as Neutron does: the first address is the gateway, the pool
    /// is everything else between network and broadcast address. Where no text stands for one, it is the usual one.
    static func completed(_ subnet: Subnet) throws -> (Subnet, CIDR) {
        guard !subnet.cidr.isEmpty else {
            throw CloudError(
                .badRequest, "Bad subnets request: a subnetpool must be specified in the absence of a cidr.",
                type: "BadRequest")
        }
        guard subnet.cidr.contains("/"), let cidr = CIDR(subnet.cidr), cidr.version == subnet.ipVersion else {
            throw invalid(
                "Invalid input for operation: Invalid CIDR \(subnet.cidr.prefix(64)) given as IP"
                    + "v\(subnet.ipVersion) subnet.")
        }
        // RFC 4862, section 5.5.3: prefix and interface identifier are 128 bits together.
        guard !subnet.isSelfAssigned || cidr.length == 64 else {
            throw invalid(
                "Invalid input for operation: Invalid CIDR \(cidr) for IPv6 address mode. OpenStack uses the EUI-64 "
                    + "address format, which requires the prefix to be /64.")
        }
        var made = subnet
        made.cidr = cidr.description
        if made.gatewayIP == "" { made.gatewayIP = cidr.hosts.lowerBound.description }
        let gateway = try gateway(of: made, in: cidr)
        if made.allocationPools.raw.isEmpty {
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
        try checkVersion(subnet)
        let gateway = try gateway(of: subnet, in: cidr)
        made.gatewayIP = gateway?.description
        let pools = try subnet.allocationPools.value().map { try range($0, in: cidr) }
        for pool in pools {
            if let gateway, pool.contains(gateway) {
                throw CloudError(
                    .conflict, "Gateway ip \(gateway) conflicts with allocation pool \(text(pool)).",
                    type: "GatewayConflictWithAllocationPools")
            }
        }
        let sorted = pools.sorted { $0.lowerBound < $1.lowerBound }
        for (left, right) in zip(sorted, sorted.dropFirst()) where left.overlaps(right) {
            throw CloudError(
                .conflict,
                "Found overlapping allocation pools: \(text(left)) and \(text(right)) for subnet \(cidr).",
                type: "OverlappingAllocationPools")
        }
        made.allocationPools = try JSONText(pools.map { range($0) })
        return made
    }

    static func check(mtu: Int, of network: NetworkID, carrying cidr: CIDR) throws {
        guard cidr.version == 6, mtu < leastIPv6MTU else { return }
        throw CloudError(
            .conflict,
            "MTU \(mtu) of network \(network) is not valid, subnet \(cidr) requires a minimum of \(leastIPv6MTU).",
            type: "NetworkMTUSubnetConflict")
    }

    private static func gateway(of subnet: Subnet, in cidr: CIDR) throws -> IPAddress? {
        guard let text = subnet.gatewayIP else { return nil }
        guard let address = IPAddress(text), address.version == cidr.version,
            !cidr.contains(address) || cidr.version == 6 || cidr.hosts.contains(address)
        else { throw invalid("Gateway \(text.prefix(64)) is not valid on subnet \(cidr).") }
        return address
    }

    private static func invalid(_ message: String) -> CloudError {
        CloudError(.badRequest, message, type: "InvalidInput")
    }

    /// What must be of the subnet's own version, and what only IPv6 has.
    private static func checkVersion(_ subnet: Subnet) throws {
        let version = subnet.ipVersion
        let modes = (ra: subnet.ipv6RAMode, address: subnet.ipv6AddressMode)
        if version == 4, modes.ra != nil || modes.address != nil {
            throw invalid(
                "Invalid input for operation: ipv6_ra_mode or ipv6_address_mode cannot be set when IP version is 4.")
        }
        if let ra = modes.ra, let address = modes.address, ra != address {
            throw invalid(
                "Invalid input for operation: ipv6_ra_mode set to '\(ra)' with ipv6_address_mode set to '\(address)' "
                    + "is not valid. If both attributes are set, they must be the same value.")
        }
        if modes.ra != nil || modes.address != nil, !subnet.enableDHCP {
            throw invalid(
                "Invalid input for operation: ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set "
                    + "to False.")
        }
        for route in try subnet.hostRoutes.value()
        where CIDR(route.destination)?.version != version || IPAddress(route.nexthop)?.version != version {
            throw invalid(
                "Invalid input for operation: host route \(route.destination) by \(route.nexthop) does not match "
                    + "the ip_version \(version).")
        }
    }

    private static func range(_ pool: AddressRange, in cidr: CIDR) throws -> ClosedRange<IPAddress> {
        guard let start = IPAddress(pool.start), let end = IPAddress(pool.end), start <= end,
            cidr.hosts.contains(start), cidr.hosts.contains(end)
        else {
            throw CloudError(
                .badRequest, "The allocation pool \(pool.start.prefix(64))-\(pool.end.prefix(64)) is not valid.",
                type: "InvalidAllocationPool")
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
