package import Model
import Store

extension NetworkingService {
    /// Takes addresses of external networks and, where it is wished, points them to ports; all of them, or none.
    package func create(_ drafts: [FloatingIPDraft], by caller: Caller) async throws -> [FloatingIP] {
        let now = clock.now()
        return try await change { db, touch in
            try drafts.map { try make($0, now: now, by: caller, &touch, db) }
        }
    }

    private func make(
        _ draft: FloatingIPDraft, now: Timestamp, by caller: Caller, _ touch: inout NetworkChange,
        _ db: any Connection
    ) throws -> FloatingIP {
        try Self.refuseAddressAlone(draft.fixedAddress, draft.port ?? nil)
        var floating = draft.floating
        let network = try visibleNetwork(floating.networkID, by: caller, db)
        guard network.isExternal else { throw Self.bad("Network \(network.id) is not a valid external network") }
        try check([.init(subnetID: draft.subnetID)], by: caller, db)
        try Self.take("floatingip", for: floating.projectID, db)
        let holder = try Self.holder(of: draft, on: network, now: now, &touch, db)
        guard let taken = try holder.fixedIPs.value().first?.ipAddress else { throw Self.exhaustedOutside(network.id) }
        floating.address = taken
        floating.holderPortID = holder.id
        if let port = draft.port ?? nil { try point(&floating, to: port, draft.fixedAddress, by: caller, db) }
        try Self.keep(floating) { try db.insert(floating) }
        if let router = floating.routerID { touch.part(.router(router)) }
        return floating
    }

    /// The port that holds the address in the external network.
    private static func holder(
        of draft: FloatingIPDraft, on network: Network, now: Timestamp, _ touch: inout NetworkChange,
        _ db: any Connection
    ) throws -> Port {
        var request = PortRequest(networkID: network.id, projectID: draft.floating.projectID)
        request.deviceID = draft.floating.id.text
        request.deviceOwner = "network:floatingip"
        request.portSecurityEnabled = false
        if draft.address != nil || draft.subnetID != nil {
            request.addresses = [.init(subnetID: draft.subnetID, ipAddress: draft.address)]
        }
        do {
            return try create(request, on: network, now: now, &touch, db)
        } catch let error as CloudError where error.type == "IpAddressGenerationFailure" {
            throw exhaustedOutside(network.id)
        }
    }

    private static func exhaustedOutside(_ network: NetworkID) -> CloudError {
        CloudError(
            .badRequest, "Unable to find any IP address on external network \(network).",
            type: "ExternalIpAddressExhausted")
    }

    /// Points a floating IP to a port or nowhere, or describes it anew.
    @discardableResult
    package func update(
        _ id: FloatingIPID, by caller: Caller, _ edit: @escaping @Sendable (inout FloatingIPDraft) throws -> Void
    ) async throws -> FloatingIP {
        let now = clock.now()
        return try await change { db, touch in
            let old = try own(FloatingIP.self, id, caller, db)
            var draft = FloatingIPDraft(old)
            try edit(&draft)
            try Self.refuseAddressAlone(draft.fixedAddress, draft.port ?? nil)
            var floating = draft.floating
            if let port = draft.port {
                try tell(floating, db)
                floating.portID = nil
                floating.fixedAddress = nil
                floating.routerID = nil
                if let port { try point(&floating, to: port, draft.fixedAddress, by: caller, db) }
            }
            floating.revise(at: now)
            try Self.keep(floating) { try db.update(floating) }
            if (floating.routerID, floating.fixedAddress) != (old.routerID, old.fixedAddress) {
                for router in [old.routerID, floating.routerID].compactMap(\.self) { touch.part(.router(router)) }
            }
            return floating
        }
    }

    private static func refuseAddressAlone(_ address: String?, _ port: PortID?) throws {
        guard let address, port == nil else { return }
        throw bad("fixed_ip_address \(address.prefix(64)) cannot be specified without a port_id")
    }

    private static func bad(_ reason: String) -> CloudError {
        CloudError(.badRequest, "Bad floatingip request: \(reason).", type: "BadRequest")
    }

    private static func keep(_ floating: FloatingIP, _ write: () throws -> Void) throws {
        do {
            try write()
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(
                .conflict,
                "Cannot associate floating IP \(floating.address) with port \(floating.portID?.text ?? "") using "
                    + "fixed IP \(floating.fixedAddress ?? ""), as that fixed IP already has a floating IP.",
                type: "FloatingIPPortAlreadyAssociated", cause: error)
        }
    }

    private func tell(_ floating: FloatingIP, _ db: any Connection) throws {
        guard let id = floating.portID, let port = try db.find(Port.self, key: .id(id)) else { return }
        try NetworkOutboxQueries.tell(device: port.deviceID, db)
    }

    /// A floating IP works through a router that joins the subnet of the port's address to the external network: the
    /// one that has the subnet's gateway address, to which the port's guest sends its answers.
    private func point(
        _ floating: inout FloatingIP, to portID: PortID, _ fixedAddress: String?, by caller: Caller,
        _ db: any Connection
    ) throws {
        let port = try own(Port.self, portID, caller, db)
        let addresses = try port.fixedIPs.value()
        let chosen = addresses.first { address in
            fixedAddress.map { $0 == address.ipAddress } ?? (IPAddress(address.ipAddress)?.version == 4)
        }
        guard let chosen else {
            throw Self.bad("Port \(portID) does not have fixed ip \(fixedAddress ?? "of IPv4")")
        }
        let external = floating.networkID
        guard let router = try RouterQueries.wayOut(of: chosen.subnetID, on: port.networkID, to: external, db) else {
            throw CloudError(
                .notFound,
                "External network \(external) is not reachable from subnet \(chosen.subnetID).  Therefore, cannot "
                    + "associate Port \(portID) with a Floating IP.", type: "ExternalGatewayForFloatingIPNotFound")
        }
        floating.portID = portID
        floating.fixedAddress = chosen.ipAddress
        floating.routerID = router
        try NetworkOutboxQueries.tell(device: port.deviceID, db)
    }

    package func deleteFloatingIP(_ id: FloatingIPID, by caller: Caller) async throws {
        try await change { db, touch in
            let floating = try own(FloatingIP.self, id, caller, db)
            try tell(floating, db)
            try Self.remove(floating, &touch, db)
        }
    }

    static func remove(_ floating: FloatingIP, _ touch: inout NetworkChange, _ db: any Connection) throws {
        try db.delete(FloatingIP.self, key: .id(floating.id))
        if let router = floating.routerID { touch.part(.router(router)) }
        if let holder = try db.find(Port.self, key: .id(floating.holderPortID)) { try remove(holder, &touch, db) }
        try giveBack("floatingip", for: floating.projectID, db)
    }
}
