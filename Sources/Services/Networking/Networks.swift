package import Model
import Store

extension NetworkingService {
    package func networks(by caller: Caller) async throws -> [Network] {
        let project = try horizon(caller)
        return try await database.read { try NetworkQueries.visible(to: project, $0) }
    }

    package func network(_ id: NetworkID, by caller: Caller) async throws -> Network {
        try await database.read { try visibleNetwork(id, by: caller, $0) }
    }

    func visibleNetwork(_ id: NetworkID, by caller: Caller, _ db: any Connection) throws -> Network {
        guard let found = try db.find(Network.self, key: .id(id)),
            caller.owns(found.projectID) || found.isShared || found.isExternal
        else { throw CloudError.notFound("Network", id) }
        return found
    }

    package func create(_ network: Network, by caller: Caller) async throws -> Network {
        try await change { try make(network, by: caller, $0) }
    }

    /// All of them, or none.
    package func create(_ networks: [Network], by caller: Caller) async throws -> [Network] {
        try await change { db in try networks.map { try make($0, by: caller, db) } }
    }

    private func make(_ network: Network, by caller: Caller, _ db: any Connection) throws -> Network {
        if network.isShared || network.isExternal || network.isDefault, !caller.isAdmin {
            throw CloudError(.forbidden, "Only an administrator may make shared, external or default networks.")
        }
        try Self.take("network", for: network.projectID, db)
        var made = network
        made.segmentationID = try NetworkQueries.nextSegment(db)
        try db.insert(made)
        return made
    }

    package func update(
        _ id: NetworkID, by caller: Caller, _ edit: @escaping @Sendable (inout Network) throws -> Void
    ) async throws -> Network {
        let now = clock.now()
        return try await change { db in
            let old = try own(Network.self, id.text, "Network", \.projectID, caller, db)
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
            changed.updatedAt = now
            try db.update(changed)
            return changed
        }
    }

    /// Ports that the cloud itself made for DHCP go with the network; any other keeps it.
    package func deleteNetwork(_ id: NetworkID, by caller: Caller) async throws {
        try await change { db in
            let network = try own(Network.self, id.text, "Network", \.projectID, caller, db)
            let ports = try PortQueries.ports(of: id, db)
            if ports.contains(where: { $0.deviceOwner != "network:dhcp" }) {
                throw CloudError(
                    .conflict,
                    "Unable to complete operation on network \(id). There are one or more ports still in use on it.")
            }
            for port in ports { try Self.remove(port, db) }
            for subnet in try SubnetQueries.subnets(of: id, db) {
                try db.delete(Subnet.self, key: .id(subnet.id))
                try Self.giveBack("subnet", for: subnet.projectID, db)
            }
            try db.delete(Network.self, key: .id(id))
            try Self.giveBack("network", for: network.projectID, db)
        }
    }
}
