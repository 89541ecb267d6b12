package import Model
import Store

/// What is asked of a router's way out.
package struct GatewayRequest: Sendable {
    package var networkID: NetworkID
    package var enableSNAT = true
    /// Whether `enableSNAT` is a wish and not the default; only administrators may have one.
    package var choosesSNAT = false
    /// `nil`: as they are, or any.
    package var addresses: [PortRequest.Address]?

    package init(networkID: NetworkID) {
        self.networkID = networkID
    }
}

extension NetworkingService {
    /// The router's legs in networks.
    package func interfaces(of id: RouterID) async throws -> [Port] {
        try await database.read { db in
            try PortQueries.ports(ofDevice: id.text, db).filter { $0.deviceOwner == "network:router_interface" }
        }
    }

    /// All of them, or none.
    package func create(_ drafts: [RouterDraft], by caller: Caller) async throws -> [Router] {
        let now = clock.now()
        return try await change { db, touch in
            try drafts.map { draft in
                var made = draft.router
                try Zones.check(try made.availabilityZoneHints.value())
                try Self.take("router", for: made.projectID, db)
                if let gateway = draft.gateway ?? nil {
                    try setGateway(gateway, on: &made, now: now, by: caller, &touch, db)
                }
                try db.insert(made)
                return made
            }
        }
    }

    @discardableResult
    package func update(
        _ id: RouterID, by caller: Caller, _ edit: @escaping @Sendable (inout RouterDraft) throws -> Void
    ) async throws -> Router {
        let now = clock.now()
        return try await change { db, touch in
            let old = try own(Router.self, id, caller, db)
            var draft = RouterDraft(old)
            try edit(&draft)
            var changed = draft.router
            changed.revise(at: now)
            if let wanted = draft.gateway {
                if let wanted, try keeps(wanted, changed, db) {
                    try Self.refuseChosenSNAT(wanted, by: caller)
                    changed.snatEnabled = wanted.enableSNAT
                } else {
                    try clearGateway(of: &changed, &touch, db)
                    if let wanted { try setGateway(wanted, on: &changed, now: now, by: caller, &touch, db) }
                }
            }
            if changed.routes != old.routes { try RouterRoutes.check(try changed.routes.value(), of: changed, db) }
            try db.update(changed)
            if changed.adminStateUp != old.adminStateUp || changed.snatEnabled != old.snatEnabled
                || changed.routes != old.routes
            {
                touch.part(.router(id))
            }
            return changed
        }
    }

    /// Whether the router has this way out, at these addresses if any are named.
    private func keeps(_ wanted: GatewayRequest, _ router: Router, _ db: any Connection) throws -> Bool {
        guard wanted.networkID == router.gatewayNetworkID, let portID = router.gatewayPortID else { return false }
        guard let addresses = wanted.addresses else { return true }
        let has = try db.find(Port.self, key: .id(portID))?.fixedIPs.value() ?? []
        return addresses.allSatisfy { want in
            has.contains { one in
                want.subnetID.map { $0 == one.subnetID } ?? true
                    && want.ipAddress.map { IPAddress($0) == IPAddress(one.ipAddress) } ?? true
            }
        }
    }

    /// Neutron's policy `create_router:external_gateway_info:enable_snat`.
    private static func refuseChosenSNAT(_ gateway: GatewayRequest, by caller: Caller) throws {
        guard gateway.choosesSNAT, !caller.isAdmin else { return }
        throw CloudError(
            .forbidden,
            "(rule:create_router:external_gateway_info:enable_snat) is disallowed by policy: only an "
                + "administrator may set enable_snat.", type: "PolicyNotAuthorized")
    }

    private func setGateway(
        _ gateway: GatewayRequest, on router: inout Router, now: Timestamp, by caller: Caller,
        _ touch: inout NetworkChange, _ db: any Connection
    ) throws {
        let network = try visibleNetwork(gateway.networkID, by: caller, db)
        guard network.isExternal else {
            throw Self.bad("Network \(network.id) is not an external network.")
        }
        try Self.refuseChosenSNAT(gateway, by: caller)
        var request = PortRequest(networkID: network.id, projectID: router.projectID)
        request.deviceID = router.id.text
        request.deviceOwner = "network:router_gateway"
        request.portSecurityEnabled = false
        request.addresses = gateway.addresses
        try Self.refuseAddresses(request, on: network, by: caller)
        try check(request.addresses, by: caller, db)
        let port = try Self.create(request, on: network, now: now, &touch, db)
        router.gatewayNetworkID = network.id
        router.gatewayPortID = port.id
        router.snatEnabled = gateway.enableSNAT
    }

    private func clearGateway(
        of router: inout Router, _ touch: inout NetworkChange, _ db: any Connection
    ) throws {
        guard let portID = router.gatewayPortID else { return }
        guard try FloatingIPQueries.floatingIPs(of: router.id, db).isEmpty else {
            throw CloudError(
                .conflict,
                "Gateway cannot be updated for router \(router.id), since a gateway to external network "
                    + "\(router.gatewayNetworkID?.text ?? "") is required by one or more floating IPs.",
                type: "RouterExternalGatewayInUseByFloatingIp")
        }
        router.gatewayNetworkID = nil
        router.gatewayPortID = nil
        try db.update(router)
        if let port = try db.find(Port.self, key: .id(portID)) { try Self.remove(port, &touch, db) }
    }

    package func deleteRouter(_ id: RouterID, by caller: Caller) async throws {
        try await change { db, touch in
            var router = try own(Router.self, id, caller, db)
            let legs = try PortQueries.ports(ofDevice: id.text, db)
            guard !legs.contains(where: { $0.deviceOwner == "network:router_interface" }) else {
                throw CloudError(.conflict, "Router \(id) still has ports", type: "RouterInUse")
            }
            try clearGateway(of: &router, &touch, db)
            try db.delete(Router.self, key: .id(id))
            touch.gone(.router(id))
            try Self.giveBack("router", for: router.projectID, db)
        }
    }

    /// Joins a subnet, with its gateway address, or a port as it is.
    package func addInterface(
        router id: RouterID, subnet subnetID: SubnetID?, port portID: PortID?, by caller: Caller
    ) async throws -> Port {
        let now = clock.now()
        return try await change { db, touch in
            let router = try own(Router.self, id, caller, db)
            if let portID { return try join(portID, to: router, by: caller, &touch, db) }
            guard let subnetID else { throw Self.bad("Either subnet_id or port_id must be specified") }
            let subnet = try seen(Subnet.self, subnetID, caller, db)
            let network = try visibleNetwork(subnet.networkID, by: caller, db)
            try Self.refuseExternal(network)
            guard caller.owns(network.projectID) else {
                throw Self.bad(
                    "Cannot add interface to router because subnet \(subnet.id) is not owned by project making the "
                        + "request; a port of the project's own can be joined.")
            }
            guard let gateway = subnet.gatewayIP else {
                throw Self.bad("Subnet for router interface must have a gateway IP")
            }
            try refuseOverlap(of: subnet, on: router, db)
            var request = PortRequest(networkID: network.id, projectID: router.projectID)
            request.deviceID = id.text
            request.deviceOwner = "network:router_interface"
            request.portSecurityEnabled = false
            request.addresses = [.init(subnetID: subnet.id, ipAddress: gateway)]
            return try Self.create(request, on: network, now: now, &touch, db)
        }
    }

    private func join(
        _ id: PortID, to router: Router, by caller: Caller, _ touch: inout NetworkChange, _ db: any Connection
    ) throws -> Port {
        let old = try own(Port.self, id, caller, db)
        var port = old
        guard port.deviceID.isEmpty else {
            throw CloudError(
                .conflict,
                "Unable to complete operation on port \(id) for network \(port.networkID). Port already has "
                    + "an attached device \(port.deviceID).", type: "PortInUse")
        }
        if let network = try db.find(Network.self, key: .id(port.networkID)) { try Self.refuseExternal(network) }
        for address in try port.fixedIPs.value() {
            if let subnet = try db.find(Subnet.self, key: .id(address.subnetID)) {
                try refuseOverlap(of: subnet, on: router, db)
            }
        }
        guard port.fixedIPs.raw != "[]" else { throw Self.bad("Router port must have at least one fixed IP") }
        port.deviceID = router.id.text
        port.deviceOwner = "network:router_interface"
        port.status = PortOwners.status(owner: port.deviceOwner, host: port.bindingHost)
        port.portSecurityEnabled = false
        port.securityGroups = try JSONText([])
        try PortQueries.setGroups([], of: id, db)
        try db.update(port)
        try touch.port(from: old, to: port)
        return port
    }

    /// Hosts hold an external network's gateway address, and a leg there would get round what gateways are for.
    private static func refuseExternal(_ network: Network) throws {
        guard network.isExternal else { return }
        throw bad("Network \(network.id) is external; a router joins it with external_gateway_info.")
    }

    private static func bad(_ reason: String) -> CloudError {
        CloudError(.badRequest, "Bad router request: \(reason)", type: "BadRequest")
    }

    private func refuseOverlap(of subnet: Subnet, on router: Router, _ db: any Connection) throws {
        let legs = try PortQueries.ports(ofDevice: router.id.text, db)
        for leg in legs where PortOwners.ofRouters.contains(leg.deviceOwner) {
            for address in try leg.fixedIPs.value() {
                guard let other = try db.find(Subnet.self, key: .id(address.subnetID)) else { continue }
                if other.id == subnet.id {
                    throw Self.bad("Router already has a port on subnet \(subnet.id)")
                }
                if let left = CIDR(other.cidr), let right = CIDR(subnet.cidr), left.overlaps(right) {
                    throw Self.bad(
                        "Cidr \(right) of subnet \(subnet.id) overlaps with cidr \(left) of subnet \(other.id)")
                }
            }
        }
    }
}
