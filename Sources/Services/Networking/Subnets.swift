import HostProtocol
package import Model
package import Store

extension NetworkingService {
    package func subnets(of network: NetworkID) async throws -> [Subnet] {
        try await database.read { try subnets(of: network, $0) }
    }

    package func subnets(of network: NetworkID, _ db: any Connection) throws -> [Subnet] {
        try SubnetQueries.subnets(of: network, db)
    }

    /// Makes a subnet and gives the network's DHCP port an address in it.
    package func create(_ subnet: Subnet, by caller: Caller) async throws -> Subnet {
        let now = clock.now()
        return try await change { db, touch in try make(SubnetDraft(subnet), now: now, by: caller, &touch, db) }
    }

    /// All of them, or none.
    package func create(_ drafts: [SubnetDraft], by caller: Caller) async throws -> [Subnet] {
        let now = clock.now()
        return try await change { db, touch in
            try drafts.map { try make($0, now: now, by: caller, &touch, db) }
        }
    }

    private func make(
        _ draft: SubnetDraft, now: Timestamp, by caller: Caller, _ touch: inout NetworkChange, _ db: any Connection
    ) throws -> Subnet {
        let network = try own(Network.self, draft.subnet.networkID, caller, db)
        let pool = try pool(of: draft, by: caller, db)
        let (made, cidr) = try SubnetRules.completed(
            try pool.map { try Self.takePrefix(draft, $0, db) } ?? draft.subnet)
        try SubnetRules.check(mtu: network.mtu, of: network.id, carrying: cidr)
        let others = try SubnetQueries.subnets(of: network.id, db)
        try Self.checkScope(of: made, pool, beside: others, db)
        for other in others {
            if let taken = CIDR(other.cidr), taken.overlaps(cidr) {
                throw CloudError(
                    .badRequest,
                    "Invalid input for operation: Requested subnet with cidr: \(cidr) for network: \(network.id) "
                        + "overlaps with another subnet: \(taken).", type: "InvalidInput")
            }
        }
        try Self.take("subnet", for: made.projectID, db)
        try db.insert(made)
        if made.enableDHCP, !network.isExternal { try Self.extendDHCP(network, to: made, now: now, db) }
        try PortAddresses.extend(to: made, now: now, &touch, db)
        touch.part(.network(network.id))
        return made
    }

    @discardableResult
    package func update(
        _ id: SubnetID, by caller: Caller, _ edit: @escaping @Sendable (inout Subnet) throws -> Void
    ) async throws -> Subnet {
        let now = clock.now()
        return try await change { db, touch in
            let old = try own(Subnet.self, id, caller, db)
            var changed = old
            try edit(&changed)
            if changed.gatewayIP != old.gatewayIP { try Self.refuseUsedGateway(of: old, db) }
            changed = try SubnetRules.checked(changed)
            changed.revise(at: now)
            try db.update(changed)
            if try TopologySubnet(changed) != TopologySubnet(old) { touch.part(.network(old.networkID)) }
            if changed.enableDHCP, !old.enableDHCP,
                let network = try db.find(Network.self, key: .id(changed.networkID)), !network.isExternal
            {
                try Self.extendDHCP(network, to: changed, now: now, db)
            }
            return changed
        }
    }

    /// Takes a subnet away, when only the DHCP port has an address of it, or ports whose guests chose theirs.
    package func deleteSubnet(_ id: SubnetID, by caller: Caller) async throws {
        try await change { db, touch in
            let subnet = try own(Subnet.self, id, caller, db)
            for port in try PortQueries.ports(of: subnet.networkID, db) {
                let addresses = try port.fixedIPs.value()
                guard addresses.contains(where: { $0.subnetID == id }) else { continue }
                let isDHCP = port.deviceOwner == "network:dhcp"
                guard isDHCP || (subnet.isSelfAssigned && !PortOwners.ofRouters.contains(port.deviceOwner)) else {
                    throw CloudError(
                        .conflict,
                        "Unable to complete operation on subnet \(id): One or more ports have an IP allocation from "
                            + "this subnet.", type: "SubnetInUse")
                }
                var kept = port
                kept.fixedIPs = try JSONText(addresses.filter { $0.subnetID != id })
                if isDHCP, kept.fixedIPs.raw == "[]" {
                    try Self.remove(port, &touch, db)
                } else {
                    try db.update(kept)
                    try touch.port(from: port, to: kept)
                    try NetworkOutboxQueries.tell(device: port.deviceID, db)
                }
            }
            try SubnetQueries.releaseAll(in: id, db)
            try db.delete(Subnet.self, key: .id(id))
            touch.part(.network(subnet.networkID))
            try Self.giveBack("subnet", for: subnet.projectID, db)
        }
    }

    /// A router that holds the gateway's address would go on answering for it.
    private static func refuseUsedGateway(of subnet: Subnet, _ db: any Connection) throws {
        guard let gateway = subnet.gatewayIP,
            let holder = try PortQueries.port(at: gateway, on: subnet.networkID, db),
            holder.deviceOwner == "network:router_interface"
        else { return }
        throw CloudError(
            .conflict,
            "Current gateway ip \(gateway) already in use by port \(holder.id). Unable to update.",
            type: "GatewayIpInUse")
    }

    /// One port per network serves DHCP and metadata, with an address in each subnet that has DHCP.
    private static func extendDHCP(
        _ network: Network, to subnet: Subnet, now: Timestamp, _ db: any Connection
    ) throws {
        let device = "dhcp-\(network.id)"
        // Whoever has a port writes any device on it, but not that it is the cloud's own.
        if var port = try PortQueries.ports(ofDevice: device, db).first(where: { $0.deviceOwner == "network:dhcp" }) {
            if try port.fixedIPs.value().contains(where: { $0.subnetID == subnet.id }) { return }
            let address = try servingAddress(in: subnet, of: port.id, mac: port.macAddress, db)
            port.fixedIPs = try JSONText(try port.fixedIPs.value() + [address])
            try db.update(port)
            return
        }
        let (id, mac) = (PortID.random(), try freeMAC(on: network.id, db))
        try db.insert(
            Port(
                id: id, networkID: network.id, projectID: network.projectID, macAddress: mac,
                fixedIPs: try JSONText([try servingAddress(in: subnet, of: id, mac: mac, db)]), deviceID: device,
                deviceOwner: "network:dhcp", securityGroups: try JSONText([]), portSecurityEnabled: false,
                allowedAddressPairs: try JSONText([]), status: "ACTIVE", tags: try JSONText([]), createdAt: now,
                updatedAt: now))
    }

    private static func servingAddress(
        in subnet: Subnet, of port: PortID, mac: String, _ db: any Connection
    ) throws -> FixedIP {
        if subnet.isSelfAssigned { return try PortAddresses.own(in: subnet, for: port, mac: mac, db) }
        return FixedIP(subnetID: subnet.id, ipAddress: try allocate(in: subnet, wanted: nil, for: port, db))
    }
}
