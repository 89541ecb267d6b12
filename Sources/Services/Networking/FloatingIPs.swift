package import Model
import Store

extension NetworkingService {
    package func floatingIP(_ id: FloatingIPID, by caller: Caller) async throws -> FloatingIP {
        try await database.read { try own(FloatingIP.self, id.text, "Floating IP", \.projectID, caller, $0) }
    }

    /// Takes an address of an external network; `address` asks for a certain one (Neutron's policy
    /// `create_floatingip:floating_ip_address`: administrators only).
    package func createFloatingIP(
        network networkID: NetworkID, project: ProjectID, description: String, address: String?, subnet: SubnetID?,
        port: PortID?, fixedAddress: String?, by caller: Caller
    ) async throws -> FloatingIP {
        if address != nil, !caller.isAdmin {
            throw CloudError(.forbidden, "Only an administrator may choose a floating_ip_address.")
        }
        try Self.refuseAddressAlone(fixedAddress, port)
        let now = clock.now()
        return try await change { db in
            let network = try visibleNetwork(networkID, by: caller, db)
            guard network.isExternal else {
                throw CloudError.badRequest(
                    "Bad floatingip request: Network \(networkID) is not a valid external network.")
            }
            try Self.take("floatingip", for: project, db)
            let id = FloatingIPID.random()
            var request = PortRequest(networkID: networkID, projectID: project)
            request.deviceID = id.text
            request.deviceOwner = "network:floatingip"
            request.portSecurityEnabled = false
            if address != nil || subnet != nil { request.addresses = [.init(subnetID: subnet, ipAddress: address)] }
            let holder = try Self.create(request, on: network, now: now, db)
            guard let taken = try holder.fixedIPs.value().first?.ipAddress else { throw Self.exhausted(networkID) }
            var floating = FloatingIP(
                id: id, projectID: project, description: description, networkID: networkID, address: taken,
                holderPortID: holder.id, tags: try JSONText([]), createdAt: now, updatedAt: now)
            if let port { try point(&floating, to: port, fixedAddress, by: caller, db) }
            try Self.keep(floating) { try db.insert(floating) }
            return floating
        }
    }

    /// What changes of a floating IP; `nil` for what stays.
    package struct FloatingIPChange: Sendable {
        package var description: String?
        /// `.some(nil)`: it points nowhere.
        package var port: PortID??
        /// Of the port's addresses, if not the first.
        package var fixedAddress: String?

        package init(description: String? = nil, port: PortID?? = nil, fixedAddress: String? = nil) {
            self.description = description
            self.port = port
            self.fixedAddress = fixedAddress
        }
    }

    /// Points a floating IP to a port or nowhere, or describes it anew.
    package func update(
        _ id: FloatingIPID, _ wanted: FloatingIPChange, by caller: Caller
    ) async throws -> FloatingIP {
        try Self.refuseAddressAlone(wanted.fixedAddress, wanted.port ?? nil)
        let now = clock.now()
        return try await change { db in
            var floating = try own(FloatingIP.self, id.text, "Floating IP", \.projectID, caller, db)
            if let description = wanted.description { floating.description = description }
            if let port = wanted.port {
                try tell(floating, db)
                floating.portID = nil
                floating.fixedAddress = nil
                floating.routerID = nil
                if let port { try point(&floating, to: port, wanted.fixedAddress, by: caller, db) }
            }
            floating.updatedAt = now
            try Self.keep(floating) { try db.update(floating) }
            return floating
        }
    }

    private static func refuseAddressAlone(_ address: String?, _ port: PortID?) throws {
        guard let address, port == nil else { return }
        throw CloudError.badRequest(
            "Bad floatingip request: fixed_ip_address \(address.prefix(64)) cannot be specified without a port_id.")
    }

    private static func keep(_ floating: FloatingIP, _ write: () throws -> Void) throws {
        do {
            try write()
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(
                .conflict,
                "Cannot associate floating IP \(floating.address) with port \(floating.portID?.text ?? "") using "
                    + "fixed IP \(floating.fixedAddress ?? ""), as that fixed IP already has a floating IP.",
                cause: error)
        }
    }

    private func tell(_ floating: FloatingIP, _ db: any Connection) throws {
        guard let id = floating.portID, let port = try db.find(Port.self, key: .id(id)) else { return }
        try NetworkOutboxQueries.tell(device: port.deviceID, db)
    }

    /// A floating IP works through the router that joins the port's subnet to the external network.
    private func point(
        _ floating: inout FloatingIP, to portID: PortID, _ fixedAddress: String?, by caller: Caller,
        _ db: any Connection
    ) throws {
        let port = try own(Port.self, portID.text, "Port", \.projectID, caller, db)
        let addresses = try port.fixedIPs.value()
        let chosen = addresses.first { address in
            fixedAddress.map { $0 == address.ipAddress } ?? (IPAddress(address.ipAddress)?.version == 4)
        }
        guard let chosen else {
            throw CloudError.badRequest(
                "Bad floatingip request: Port \(portID) does not have fixed ip \(fixedAddress ?? "of IPv4").")
        }
        let external = floating.networkID
        for id in try RouterQueries.routerIDs(on: port.networkID, db) {
            guard let router = try db.find(Router.self, key: .id(id)), router.gatewayNetworkID == external else {
                continue
            }
            floating.portID = portID
            floating.fixedAddress = chosen.ipAddress
            floating.routerID = id
            try NetworkOutboxQueries.tell(device: port.deviceID, db)
            return
        }
        throw CloudError(
            .notFound,
            "External network \(external) is not reachable from subnet \(chosen.subnetID). Therefore, cannot associate "
                + "Port \(portID) with a Floating IP.")
    }

    package func deleteFloatingIP(_ id: FloatingIPID, by caller: Caller) async throws {
        try await change { db in
            let floating = try own(FloatingIP.self, id.text, "Floating IP", \.projectID, caller, db)
            try tell(floating, db)
            try db.delete(FloatingIP.self, key: .id(id))
            if let holder = try db.find(Port.self, key: .id(floating.holderPortID)) { try Self.remove(holder, db) }
            try Self.giveBack("floatingip", for: floating.projectID, db)
        }
    }
}
