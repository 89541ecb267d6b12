import Model
import Store

/// The addresses of one port.
enum PortAddresses {
    /// Takes what is wanted; without a wish, an address of the first IPv4 subnet with room (of IPv6 where there is no
    /// IPv4), and one of each subnet whose guests choose their address by themselves.
    static func take(
        _ wanted: [PortRequest.Address]?, for port: PortID, mac: String, on network: Network, _ db: any Connection
    ) throws -> [FixedIP] {
        let subnets = try SubnetQueries.subnets(of: network.id, db)
        guard let wanted else { return try usual(in: subnets, for: port, mac: mac, on: network, db) }
        var taken: [FixedIP] = []
        for want in wanted {
            if want.subnetID == nil, want.ipAddress == nil {
                taken.append(try any(in: subnets, for: port, on: network, db))
                continue
            }
            let subnet = try subnet(of: want, among: subnets, on: network, db)
            try refuseHostsGateway(want.ipAddress, in: subnet, of: network)
            if let text = want.ipAddress, taken.contains(where: { IPAddress($0.ipAddress) == IPAddress(text) }) {
                throw invalid("Duplicate IP address '\(text.prefix(64))'")
            }
            if want.ipAddress == nil, subnet.isSelfAssigned {
                taken.append(try own(in: subnet, for: port, mac: mac, db))
                continue
            }
            let address = try NetworkingService.allocate(in: subnet, wanted: want.ipAddress, for: port, db)
            taken.append(FixedIP(subnetID: subnet.id, ipAddress: address))
        }
        return taken
    }

    private static func invalid(_ reason: String) -> CloudError {
        CloudError(.badRequest, "Invalid input for fixed_ips. Reason: \(reason).", type: "HTTPBadRequest")
    }

    private static func subnet(
        of want: PortRequest.Address, among subnets: [Subnet], on network: Network, _ db: any Connection
    ) throws -> Subnet {
        if let id = want.subnetID {
            if let found = subnets.first(where: { $0.id == id }) { return found }
            guard try db.find(Subnet.self, key: .id(id)) != nil else { throw Subnet.notFound(id.text) }
            throw CloudError(
                .badRequest,
                "Invalid input for operation: Failed to create port on network \(network.id), because "
                    + "fixed_ips included invalid subnet \(id).", type: "InvalidInput")
        }
        let address = want.ipAddress.flatMap { IPAddress($0) }
        guard let address, let found = subnets.first(where: { CIDR($0.cidr)?.contains(address) ?? false }) else {
            throw CloudError(
                .badRequest,
                "IP address \((want.ipAddress ?? "").prefix(64)) is not a valid IP for any of the subnets "
                    + "on the specified network.", type: "InvalidIpForNetwork")
        }
        return found
    }

    private static func usual(
        in subnets: [Subnet], for port: PortID, mac: String, on network: Network, _ db: any Connection
    ) throws -> [FixedIP] {
        let assigned = subnets.filter { !$0.isSelfAssigned }
        var taken = assigned.isEmpty ? [] : [try any(in: assigned, for: port, on: network, db)]
        for subnet in subnets where subnet.isSelfAssigned {
            taken.append(try own(in: subnet, for: port, mac: mac, db))
        }
        return taken
    }

    private static func any(
        in subnets: [Subnet], for port: PortID, on network: Network, _ db: any Connection
    ) throws -> FixedIP {
        let old = subnets.filter { $0.ipVersion == 4 }
        for subnet in old.isEmpty ? subnets : old {
            if let address = try NetworkingService.takeNext(in: subnet, for: port, db) {
                return FixedIP(subnetID: subnet.id, ipAddress: address)
            }
        }
        throw NetworkingService.exhausted(network.id)
    }

    /// The address that a guest gives itself (RFC 4291, appendix A).
    private static func own(
        in subnet: Subnet, for port: PortID, mac: String, _ db: any Connection
    ) throws -> FixedIP {
        guard let cidr = CIDR(subnet.cidr), let address = IPAddress(version6: cidr, mac: mac) else {
            throw NetworkingService.exhausted(subnet.networkID)
        }
        let text = try NetworkingService.allocate(in: subnet, wanted: address.description, for: port, db)
        return FixedIP(subnetID: subnet.id, ipAddress: text)
    }

    /// Hosts themselves have the gateway's address of an external network, and what is behind it goes through them.
    private static func refuseHostsGateway(_ text: String?, in subnet: Subnet, of network: Network) throws {
        guard network.isExternal, let address = text.flatMap({ IPAddress($0) }),
            NetworkingService.isGateway(address, of: subnet)
        else { return }
        throw invalid(
            "IP address \(address) is the gateway of subnet \(subnet.id) on the external network \(network.id); "
                + "choose another one")
    }
}

extension Subnet {
    /// Whether guests make their addresses of the prefix and their hardware address.
    var isSelfAssigned: Bool { ["slaac", "dhcpv6-stateless"].contains(ipv6AddressMode ?? "") }
}

extension IPAddress {
    /// The modified EUI-64 address in a prefix of 64 bits; `nil` for another prefix or no hardware address.
    fileprivate init?(version6 prefix: CIDR, mac: String) {
        let bytes = mac.split(separator: ":").compactMap { UInt8($0, radix: 16) }
        guard prefix.version == 6, prefix.length <= 64, bytes.count == 6 else { return nil }
        let identifier = [bytes[0] ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]]
        self.init(version: 6, number: identifier.reduce(0) { $0 << 8 | UInt128($1) } | prefix.first.number)
    }
}
