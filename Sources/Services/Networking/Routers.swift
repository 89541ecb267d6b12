package import Model
import Store

/// What is asked of a router's way out.
package struct GatewayRequest: Sendable {
    package var networkID: NetworkID
    package var enableSNAT: Bool
    package var fixedIP: String?

    package init(networkID: NetworkID, enableSNAT: Bool = true, fixedIP: String? = nil) {
        self.networkID = networkID
        self.enableSNAT = enableSNAT
        self.fixedIP = fixedIP
    }
}

extension NetworkingService {
    package func router(_ id: RouterID, by caller: Caller) async throws -> Router {
        try await database.read { try own(Router.self, id.text, "Router", \.projectID, caller, $0) }
    }

    package func gatewayPort(of router: Router) async throws -> Port? {
        guard let id = router.gatewayPortID else { return nil }
        return try await database.read { try $0.find(Port.self, key: .id(id)) }
    }

    /// The router's legs in networks.
    package func interfaces(of id: RouterID) async throws -> [Port] {
        try await database.read { db in
            try PortQueries.ports(ofDevice: id.text, db).filter { $0.deviceOwner == "network:router_interface" }
        }
    }

    package func create(_ router: Router, gateway: GatewayRequest?, by caller: Caller) async throws -> Router {
        let now = clock.now()
        return try await change { db in
            try Self.take("router", for: router.projectID, db)
            var made = router
            if let gateway { try setGateway(gateway, on: &made, now: now, by: caller, db) }
            try db.insert(made)
            return made
        }
    }

    /// `gateway` is `.some(nil)` to take the way out away.
    package func update(
        _ id: RouterID, gateway: GatewayRequest??, by caller: Caller,
        _ edit: @escaping @Sendable (inout Router) throws -> Void
    ) async throws -> Router {
        let now = clock.now()
        return try await change { db in
            var changed = try own(Router.self, id.text, "Router", \.projectID, caller, db)
            try edit(&changed)
            changed.updatedAt = now
            if let wanted = gateway {
                if let wanted, try keeps(wanted, changed, db) {
                    changed.snatEnabled = wanted.enableSNAT
                } else {
                    try clearGateway(of: &changed, db)
                    if let wanted { try setGateway(wanted, on: &changed, now: now, by: caller, db) }
                }
            }
            try db.update(changed)
            return changed
        }
    }

    /// Whether the router has this way out, at this address if one is named.
    private func keeps(_ wanted: GatewayRequest, _ router: Router, _ db: any Connection) throws -> Bool {
        guard wanted.networkID == router.gatewayNetworkID, let portID = router.gatewayPortID else { return false }
        guard let fixed = wanted.fixedIP else { return true }
        let address = IPAddress(fixed)
        let port = try db.find(Port.self, key: .id(portID))
        return try port?.fixedIPs.value().contains { address != nil && IPAddress($0.ipAddress) == address } ?? false
    }

    private func setGateway(
        _ gateway: GatewayRequest, on router: inout Router, now: Timestamp, by caller: Caller, _ db: any Connection
    ) throws {
        let network = try visibleNetwork(gateway.networkID, by: caller, db)
        guard network.isExternal else {
            throw CloudError.badRequest("Bad router request: Network \(network.id) is not an external network.")
        }
        var request = PortRequest(networkID: network.id, projectID: router.projectID)
        request.deviceID = router.id.text
        request.deviceOwner = "network:router_gateway"
        request.portSecurityEnabled = false
        if let fixed = gateway.fixedIP { request.addresses = [.init(ipAddress: fixed)] }
        try Self.refuseAddresses(request, on: network, by: caller)
        let port = try Self.create(request, on: network, now: now, db)
        router.gatewayNetworkID = network.id
        router.gatewayPortID = port.id
        router.snatEnabled = gateway.enableSNAT
    }

    private func clearGateway(of router: inout Router, _ db: any Connection) throws {
        guard let portID = router.gatewayPortID else { return }
        guard try FloatingIPQueries.floatingIPs(of: router.id, db).isEmpty else {
            throw CloudError(
                .conflict,
                "Gateway cannot be updated for router \(router.id), since a gateway is required by floating IPs.")
        }
        router.gatewayNetworkID = nil
        router.gatewayPortID = nil
        try db.update(router)
        if let port = try db.find(Port.self, key: .id(portID)) { try Self.remove(port, db) }
    }

    package func deleteRouter(_ id: RouterID, by caller: Caller) async throws {
        try await change { db in
            var router = try own(Router.self, id.text, "Router", \.projectID, caller, db)
            let legs = try PortQueries.ports(ofDevice: id.text, db)
            guard !legs.contains(where: { $0.deviceOwner == "network:router_interface" }) else {
                throw CloudError(.conflict, "Router \(id) still has ports.")
            }
            try clearGateway(of: &router, db)
            try db.delete(Router.self, key: .id(id))
            try Self.giveBack("router", for: router.projectID, db)
        }
    }

    /// Joins a subnet, with its gateway address, or a port as it is.
    package func addInterface(
        router id: RouterID, subnet subnetID: SubnetID?, port portID: PortID?, by caller: Caller
    ) async throws -> Port {
        let now = clock.now()
        return try await change { db in
            let router = try own(Router.self, id.text, "Router", \.projectID, caller, db)
            if let portID { return try join(portID, to: router, by: caller, db) }
            guard let subnetID, let subnet = try db.find(Subnet.self, key: .id(subnetID)) else {
                throw CloudError.notFound("Subnet", subnetID?.text ?? "")
            }
            let network = try visibleNetwork(subnet.networkID, by: caller, db)
            try Self.refuseExternal(network)
            guard let gateway = subnet.gatewayIP else {
                throw CloudError.badRequest("Bad router request: Subnet for router interface must have a gateway IP.")
            }
            try refuseOverlap(of: subnet, on: router, db)
            var request = PortRequest(networkID: network.id, projectID: router.projectID)
            request.deviceID = id.text
            request.deviceOwner = "network:router_interface"
            request.portSecurityEnabled = false
            request.addresses = [.init(subnetID: subnet.id, ipAddress: gateway)]
            return try Self.create(request, on: network, now: now, db)
        }
    }

    private func join(_ id: PortID, to router: Router, by caller: Caller, _ db: any Connection) throws -> Port {
        var port = try own(Port.self, id.text, "Port", \.projectID, caller, db)
        guard port.deviceID.isEmpty else {
            throw CloudError(.conflict, "Unable to complete operation on port \(id): it is in use by \(port.deviceID).")
        }
        if let network = try db.find(Network.self, key: .id(port.networkID)) { try Self.refuseExternal(network) }
        for address in try port.fixedIPs.value() {
            if let subnet = try db.find(Subnet.self, key: .id(address.subnetID)) {
                try refuseOverlap(of: subnet, on: router, db)
            }
        }
        port.deviceID = router.id.text
        port.deviceOwner = "network:router_interface"
        port.portSecurityEnabled = false
        port.securityGroups = try JSONText([])
        try PortQueries.setGroups([], of: id, db)
        try db.update(port)
        return port
    }

    /// Hosts hold an external network's gateway address, and a leg there would get round what gateways are for.
    private static func refuseExternal(_ network: Network) throws {
        guard network.isExternal else { return }
        throw CloudError.badRequest(
            "Bad router request: Network \(network.id) is external; a router joins it with external_gateway_info.")
    }

    private func refuseOverlap(of subnet: Subnet, on router: Router, _ db: any Connection) throws {
        let legs = try PortQueries.ports(ofDevice: router.id.text, db)
        for leg in legs where PortOwners.ofRouters.contains(leg.deviceOwner) {
            for address in try leg.fixedIPs.value() {
                guard let other = try db.find(Subnet.self, key: .id(address.subnetID)) else { continue }
                if other.id == subnet.id {
                    throw CloudError.badRequest("Bad router request: Router already has a port on subnet \(subnet.id).")
                }
                if let left = CIDR(other.cidr), let right = CIDR(subnet.cidr), left.overlaps(right) {
                    throw CloudError.badRequest(
                        "Bad router request: Cidr \(right) of subnet \(subnet.id) overlaps with cidr \(left) of subnet "
                            + "\(other.id).")
                }
            }
        }
    }

    package func removeInterface(
        router id: RouterID, subnet subnetID: SubnetID?, port portID: PortID?, by caller: Caller
    ) async throws -> Port {
        try await change { db in
            _ = try own(Router.self, id.text, "Router", \.projectID, caller, db)
            let legs = try PortQueries.ports(ofDevice: id.text, db).filter {
                $0.deviceOwner == "network:router_interface"
            }
            let leg = try legs.first { leg in
                if let portID { return leg.id == portID }
                return try leg.fixedIPs.value().contains { $0.subnetID == subnetID }
            }
            guard let leg else {
                throw CloudError(.notFound, "Router \(id) does not have an interface with that port or subnet.")
            }
            for address in try leg.fixedIPs.value() {
                for floating in try FloatingIPQueries.floatingIPs(of: id, db) {
                    let served = try floating.portID.flatMap { try db.find(Port.self, key: .id($0)) }
                    if try served?.fixedIPs.value().contains(where: { $0.subnetID == address.subnetID }) == true {
                        throw CloudError(
                            .conflict,
                            "Router interface for subnet \(address.subnetID) on router \(id) "
                                + "cannot be deleted, as it is "
                                + "required by one or more floating IPs.")
                    }
                }
            }
            try Self.remove(leg, db)
            return leg
        }
    }
}
