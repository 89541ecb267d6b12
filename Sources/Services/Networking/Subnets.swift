package import Model
import Store

extension NetworkingService {
    /// Subnets of the networks the caller sees.
    package func subnets(by caller: Caller) async throws -> [Subnet] {
        let project = try horizon(caller)
        return try await database.read { db in
            let all = try db.fetch(Subnet.self, "ORDER BY created_at, id")
            guard project != nil else { return all }
            let visible = Set(try NetworkQueries.visible(to: project, db).map(\.id))
            return all.filter { visible.contains($0.networkID) }
        }
    }

    package func subnet(_ id: SubnetID, by caller: Caller) async throws -> Subnet {
        try await database.read { db in
            guard let found = try db.find(Subnet.self, key: .id(id)) else { throw CloudError.notFound("Subnet", id) }
            do {
                _ = try visibleNetwork(found.networkID, by: caller, db)
            } catch let error as CloudError where error.kind == .notFound {
                throw CloudError.notFound("Subnet", id)
            }
            return found
        }
    }

    package func subnets(of network: NetworkID) async throws -> [Subnet] {
        try await database.read { try NetworkQueries.subnets(of: network, $0) }
    }

    /// Makes a subnet and gives the network's DHCP port an address in it.
    package func create(_ subnet: Subnet, by caller: Caller) async throws -> Subnet {
        let now = clock.now()
        return try await change { db in
            let network = try own(
                Network.self, subnet.networkID.text, "Network", \.projectID, caller, db)
            let made = try Self.completed(subnet)
            guard let cidr = CIDR(made.cidr) else { throw CloudError.badRequest("Invalid CIDR \(made.cidr).") }
            for other in try NetworkQueries.subnets(of: network.id, db) {
                if let taken = CIDR(other.cidr), taken.overlaps(cidr) {
                    throw CloudError.badRequest(
                        "Invalid input for operation: Requested subnet with cidr: \(cidr) for network: \(network.id) "
                            + "overlaps with another subnet: \(taken).")
                }
            }
            try Self.take("subnet", for: made.projectID, db)
            try db.insert(made)
            if made.enableDHCP, !network.isExternal { try Self.extendDHCP(network, to: made, now: now, db) }
            return made
        }
    }

    package func update(
        _ id: SubnetID, by caller: Caller, _ edit: @escaping @Sendable (inout Subnet) throws -> Void
    ) async throws -> Subnet {
        let now = clock.now()
        return try await change { db in
            let old = try own(Subnet.self, id.text, "Subnet", \.projectID, caller, db)
            var changed = old
            try edit(&changed)
            changed.updatedAt = now
            try db.update(changed)
            if changed.enableDHCP, !old.enableDHCP,
                let network = try db.find(Network.self, key: .id(changed.networkID)), !network.isExternal
            {
                try Self.extendDHCP(network, to: changed, now: now, db)
            }
            return changed
        }
    }

    package func deleteSubnet(_ id: SubnetID, by caller: Caller) async throws {
        try await change { db in
            let subnet = try own(Subnet.self, id.text, "Subnet", \.projectID, caller, db)
            for port in try NetworkQueries.ports(of: subnet.networkID, db) {
                let addresses = try port.fixedIPs.value()
                guard addresses.contains(where: { $0.subnetID == id }) else { continue }
                guard port.deviceOwner == "network:dhcp" else {
                    throw CloudError(
                        .conflict,
                        "Unable to complete operation on subnet \(id): One or more ports have an IP allocation from it."
                    )
                }
                var kept = port
                kept.fixedIPs = try JSONText(addresses.filter { $0.subnetID != id })
                if kept.fixedIPs.raw == "[]" {
                    try Self.remove(port, db)
                } else {
                    try db.update(kept)
                }
            }
            try NetworkQueries.releaseAll(in: id, db)
            try db.delete(Subnet.self, key: .id(id))
            try Self.giveBack("subnet", for: subnet.projectID, db)
        }
    }

    /// Checks the addresses of a subnet and fills in gateway and pools as Neutron does: the first address is the
    /// gateway, the pool is everything else between network and broadcast address.
    static func completed(_ subnet: Subnet) throws -> Subnet {
        guard subnet.cidr.contains("/"), let cidr = CIDR(subnet.cidr), cidr.version == subnet.ipVersion else {
            throw CloudError.badRequest("Invalid input for cidr: '\(subnet.cidr)' is no IPv\(subnet.ipVersion) subnet.")
        }
        var made = subnet
        made.cidr = cidr.description
        let broadcast: UInt128 = cidr.version == 4 && cidr.length < 31 ? 1 : 0
        let first = IPAddress(
            version: cidr.version, number: cidr.first.number + (cidr.length < cidr.first.bits - 1 ? 1 : 0))
        let last = IPAddress(version: cidr.version, number: cidr.last.number - broadcast)
        if made.gatewayIP == "" { made.gatewayIP = first.description }
        var gateway: IPAddress?
        if let text = made.gatewayIP {
            guard let address = IPAddress(text), cidr.contains(address) else {
                throw CloudError.badRequest("Gateway '\(text)' is not valid on subnet \(cidr).")
            }
            gateway = address
        }
        let pools = try made.allocationPools.value()
        if pools.isEmpty { made.allocationPools = try JSONText(defaultPools(first, last, around: gateway)) }
        for pool in try made.allocationPools.value() {
            guard let start = IPAddress(pool.start), let end = IPAddress(pool.end), start <= end, cidr.contains(start),
                cidr.contains(end)
            else {
                throw CloudError.badRequest("The allocation pool \(pool.start)-\(pool.end) is not valid on \(cidr).")
            }
            if let gateway, start <= gateway, gateway <= end {
                throw CloudError(.conflict, "Gateway ip \(gateway) conflicts with allocation pool \(start)-\(end).")
            }
        }
        return made
    }

    private static func defaultPools(
        _ first: IPAddress, _ last: IPAddress, around gateway: IPAddress?
    ) -> [AddressRange] {
        guard let gateway, gateway >= first, gateway <= last else {
            return [AddressRange(start: first.description, end: last.description)]
        }
        var pools: [AddressRange] = []
        if gateway > first {
            let end = IPAddress(version: gateway.version, number: gateway.number - 1)
            pools.append(AddressRange(start: first.description, end: end.description))
        }
        if gateway < last {
            let start = IPAddress(version: gateway.version, number: gateway.number + 1)
            pools.append(AddressRange(start: start.description, end: last.description))
        }
        return pools
    }

    /// One port per network serves DHCP and metadata, with an address in each subnet that has DHCP.
    private static func extendDHCP(
        _ network: Network, to subnet: Subnet, now: Timestamp, _ db: any Connection
    ) throws {
        let device = "dhcp-\(network.id)"
        if var port = try NetworkQueries.ports(ofDevice: device, db).first {
            let address = try allocate(in: subnet, wanted: nil, for: port.id, db)
            port.fixedIPs = try JSONText(try port.fixedIPs.value() + [FixedIP(subnetID: subnet.id, ipAddress: address)])
            try db.update(port)
            return
        }
        let id = PortID.random()
        let address = try allocate(in: subnet, wanted: nil, for: id, db)
        try db.insert(
            Port(
                id: id, networkID: network.id, projectID: network.projectID,
                macAddress: try freeMAC(on: network.id, db),
                fixedIPs: try JSONText([FixedIP(subnetID: subnet.id, ipAddress: address)]), deviceID: device,
                deviceOwner: "network:dhcp", securityGroups: try JSONText([]), portSecurityEnabled: false,
                allowedAddressPairs: try JSONText([]), status: "ACTIVE", tags: try JSONText([]), createdAt: now,
                updatedAt: now))
    }
}
