package import Model
package import Store

extension NetworkingService {
    package func networks(by caller: Caller) async throws -> [Network] {
        try await database.read { try networks(by: caller, $0) }
    }

    package func networks(by caller: Caller, _ db: any Connection) throws -> [Network] {
        try NetworkQueries.visible(to: horizon(caller), db)
    }

    package func network(_ id: NetworkID, by caller: Caller) async throws -> Network {
        try await database.read { try visibleNetwork(id, by: caller, $0) }
    }

    package func network(_ id: NetworkID, by caller: Caller, _ db: any Connection) throws -> Network {
        try visibleNetwork(id, by: caller, db)
    }

    func visibleNetwork(_ id: NetworkID, by caller: Caller, _ db: any Connection) throws -> Network {
        try seen(Network.self, id, caller, db)
    }

    /// A segmentation id of 0 asks for a free one.
    package func create(_ network: Network, by caller: Caller) async throws -> Network {
        try await change { db, _ in try make(network, by: caller, db) }
    }

    /// All of them, or none.
    package func create(_ networks: [Network], by caller: Caller) async throws -> [Network] {
        try await change { db, _ in try networks.map { try make($0, by: caller, db) } }
    }

    private func make(_ network: Network, by caller: Caller, _ db: any Connection) throws -> Network {
        if network.isShared || network.isExternal || network.isDefault, !caller.isAdmin {
            throw CloudError(.forbidden, "Only an administrator may make shared, external or default networks.")
        }
        try Zones.check(try network.availabilityZoneHints.value())
        try Self.take("network", for: network.projectID, db)
        var made = network
        if made.segmentationID == 0 { made.segmentationID = try NetworkQueries.nextSegment(db) }
        do {
            try db.insert(made)
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(
                .conflict, "Unable to create the network. The tunnel ID \(made.segmentationID) is in use.",
                type: "TunnelIdInUse", cause: error)
        }
        return made
    }

    @discardableResult
    package func update(
        _ id: NetworkID, by caller: Caller, _ edit: @escaping @Sendable (inout Network) throws -> Void
    ) async throws -> Network {
        let now = clock.now()
        return try await change { db, touch in
            let old = try own(Network.self, id, caller, db)
            var changed = old
            try edit(&changed)
            if old.isShared != changed.isShared || old.isExternal != changed.isExternal, !caller.isAdmin {
                throw CloudError(.forbidden, "Only an administrator may share networks or make them external.")
            }
            if changed.mtu != old.mtu {
                for cidr in try SubnetQueries.subnets(of: id, db).compactMap({ CIDR($0.cidr) }) {
                    try SubnetRules.check(mtu: changed.mtu, of: id, carrying: cidr)
                }
            }
            if (changed.mtu, changed.isExternal) != (old.mtu, old.isExternal) { touch.part(.network(id)) }
            changed.revise(at: now)
            try db.update(changed)
            return changed
        }
    }

    /// Ports that the cloud itself made for DHCP go with the network, and floating IPs that point nowhere; any other
    /// port keeps it.
    package func deleteNetwork(_ id: NetworkID, by caller: Caller) async throws {
        try await change { db, touch in
            let network = try own(Network.self, id, caller, db)
            for floating in try FloatingIPQueries.unused(on: id, db) { try Self.remove(floating, &touch, db) }
            let ports = try PortQueries.ports(of: id, db)
            let others = ports.filter { $0.deviceOwner != "network:dhcp" }
            guard others.isEmpty else {
                throw CloudError(
                    .conflict,
                    "Unable to complete operation on network \(id). There are one or more ports still in use on the "
                        + "network, id for these ports is: \(others.prefix(10).map(\.id.text).joined(separator: ",")).",
                    type: "NetworkInUse")
            }
            for port in ports { try Self.remove(port, &touch, db) }
            for subnet in try SubnetQueries.subnets(of: id, db) {
                try db.delete(Subnet.self, key: .id(subnet.id))
                try Self.giveBack("subnet", for: subnet.projectID, db)
            }
            try db.delete(Network.self, key: .id(id))
            touch.gone(.network(id))
            try Self.giveBack("network", for: network.projectID, db)
        }
    }
}
