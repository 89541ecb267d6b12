import Model
import Store

/// The addresses of one port.
enum PortAddresses {
    /// Takes what is wanted; without a wish, one address of IPv4 and one of IPv6, each of the first subnet with room.
    /// In each subnet whose guests choose their address by themselves a port has that one too; only a router's has what
    /// it is given.
    static func take(
        _ wanted: [PortRequest.Address]?, for port: PortID, owner: String, mac: String, on network: Network,
        _ subnets: [Subnet], _ db: any Connection
    ) throws -> [FixedIP] {
        guard let wanted else { return try usual(in: subnets, for: port, mac: mac, on: network, db) }
        let isRouters = PortOwners.ofRouters.contains(owner)
        var taken: [FixedIP] = []
        for want in wanted {
            if want.subnetID == nil, want.ipAddress == nil {
                taken += try usual(in: subnets.filter { !$0.isSelfAssigned }, for: port, mac: mac, on: network, db)
                continue
            }
            let subnet = try subnet(of: want, among: subnets, on: network, db)
            try refuseHostsGateway(want.ipAddress, in: subnet, of: network)
            if let text = want.ipAddress, taken.contains(where: { IPAddress($0.ipAddress) == IPAddress(text) }) {
                throw invalid("Duplicate IP address '\(text.prefix(64))'")
            }
            if subnet.isSelfAssigned, !isRouters {
                try refuseForeign(want.ipAddress, in: subnet, mac: mac)
                continue
            }
            let address = try NetworkingService.allocate(in: subnet, wanted: want.ipAddress, for: port, db)
            taken.append(FixedIP(subnetID: subnet.id, ipAddress: address))
        }
        if isRouters { return taken }
        return try taken + subnets.filter(\.isSelfAssigned).map { try own(in: $0, for: port, mac: mac, db) }
    }

    /// What a change of a port asks for, `nil` when its addresses stay. An address that is kept is named, so that it is
    /// not another one of the subnet; what guests choose by themselves follows the hardware address.
    static func wishes(
        _ given: [PortRequest.Address]?, mac: String, of old: Port, _ db: any Connection
    ) throws -> [PortRequest.Address]? {
        guard given != nil || mac != old.macAddress else { return nil }
        let isRouters = PortOwners.ofRouters.contains(old.deviceOwner)
        let selfAssigned = try SubnetQueries.subnets(of: old.networkID, db).filter { $0.isSelfAssigned && !isRouters }
        var kept = try old.fixedIPs.value().filter { address in !selfAssigned.contains { $0.id == address.subnetID } }
        guard let given else {
            return kept.map { .init(subnetID: $0.subnetID, ipAddress: $0.ipAddress) }
        }
        let named = Set(given.compactMap { $0.ipAddress.flatMap { IPAddress($0) } })
        kept.removeAll { IPAddress($0.ipAddress).map { named.contains($0) } ?? false }
        return given.map { wish in
            guard wish.ipAddress == nil, let index = kept.firstIndex(where: { $0.subnetID == wish.subnetID }) else {
                return wish
            }
            let address = kept.remove(at: index)
            return .init(subnetID: address.subnetID, ipAddress: address.ipAddress)
        }
    }

    private static func refuseForeign(_ text: String?, in subnet: Subnet, mac: String) throws {
        guard let text, CIDR(subnet.cidr).flatMap({ IPAddress.selfAssigned(in: $0, mac: mac) }) != IPAddress(text)
        else {
            return
        }
        throw CloudError(
            .badRequest,
            "Invalid input for operation: IPv6 address \(text.prefix(64)) cannot be directly assigned to a port on "
                + "subnet \(subnet.id) as the subnet is configured for automatic addresses.",
            type: "AllocationOnAutoAddressSubnet")
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
        let assigned = Dictionary(grouping: subnets.filter { !$0.isSelfAssigned }, by: \.ipVersion)
        let taken = try [4, 6].compactMap { assigned[$0] }.map { try any(in: $0, for: port, on: network, db) }
        return try taken + subnets.filter(\.isSelfAssigned).map { try own(in: $0, for: port, mac: mac, db) }
    }

    private static func any(
        in subnets: [Subnet], for port: PortID, on network: Network, _ db: any Connection
    ) throws -> FixedIP {
        for subnet in subnets {
            if let address = try NetworkingService.takeNext(in: subnet, for: port, db) {
                return FixedIP(subnetID: subnet.id, ipAddress: address)
            }
        }
        throw NetworkingService.exhausted(network.id)
    }

    /// Gives the ports that are there the address that their guests choose in a new subnet.
    static func extend(
        to subnet: Subnet, now: Timestamp, _ touch: inout NetworkChange, _ db: any Connection
    ) throws {
        guard subnet.isSelfAssigned else { return }
        for old in try PortQueries.ports(of: subnet.networkID, db)
        where !PortOwners.ofRouters.contains(old.deviceOwner) {
            var port = old
            let addresses = try port.fixedIPs.value()
            guard !addresses.contains(where: { $0.subnetID == subnet.id }) else { continue }
            port.fixedIPs = try JSONText(
                addresses + [try own(in: subnet, for: port.id, mac: port.macAddress, db)])
            port.revise(at: now)
            try db.update(port)
            try touch.port(from: old, to: port)
            try NetworkOutboxQueries.tell(device: port.deviceID, db)
        }
    }

    /// The address that a guest gives itself (RFC 4291, appendix A).
    static func own(
        in subnet: Subnet, for port: PortID, mac: String, _ db: any Connection
    ) throws -> FixedIP {
        guard let cidr = CIDR(subnet.cidr), let address = IPAddress.selfAssigned(in: cidr, mac: mac) else {
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
    var isSelfAssigned: Bool {
        let modes: Set<String?> = ["slaac", "dhcpv6-stateless"]
        return modes.contains(ipv6AddressMode) || modes.contains(ipv6RAMode)
    }
}

extension IPAddress {
    /// `nil` where guests cannot make their addresses: a prefix of more than 64 bits, or no hardware address.
    fileprivate static func selfAssigned(in prefix: CIDR, mac: String) -> IPAddress? {
        guard prefix.version == 6, prefix.length <= 64, let mac = MACAddress(mac) else { return nil }
        return mac.address(in: prefix)
    }
}
