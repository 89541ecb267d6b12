package import Model
import Store

/// What is asked of a new port; the rest is chosen.
package struct PortRequest: Sendable {
    package struct Address: Sendable {
        package var subnetID: SubnetID?
        package var ipAddress: String?

        package init(subnetID: SubnetID? = nil, ipAddress: String? = nil) {
            self.subnetID = subnetID
            self.ipAddress = ipAddress
        }
    }

    package var networkID: NetworkID
    package var projectID: ProjectID
    package var id: PortID = .random()
    package var name = ""
    package var description = ""
    package var adminStateUp = true
    package var macAddress: String?
    /// `nil`: one address of the first IPv4 subnet with room; empty: none.
    package var addresses: [Address]?
    /// `nil`: the project's default group.
    package var securityGroups: [SecurityGroupID]?
    package var portSecurityEnabled: Bool?
    package var allowedAddressPairs: [AllowedAddressPair] = []
    package var deviceID = ""
    package var deviceOwner = ""
    package var bindingHost = ""
    package var dnsName = ""
    package var tags: [String] = []

    package init(networkID: NetworkID, projectID: ProjectID) {
        self.networkID = networkID
        self.projectID = projectID
    }
}

extension NetworkingService {
    package func port(_ id: PortID, by caller: Caller) async throws -> Port {
        try await database.read { try own(Port.self, id.text, "Port", \.projectID, caller, $0) }
    }

    package func ports(
        network: NetworkID? = nil, device: String? = nil, by caller: Caller
    ) async throws -> [Port] {
        let project = try horizon(caller)
        return try await database.read { db in
            let found: [Port]
            if let device {
                found = try PortQueries.ports(ofDevice: device, db)
            } else if let network {
                found = try PortQueries.ports(of: network, db)
            } else if let project {
                return try db.fetch(Port.self, "WHERE project_id = ?1 ORDER BY created_at, id", [.id(project)])
            } else {
                return try db.fetch(Port.self, "ORDER BY created_at, id")
            }
            return found.filter { project == nil || $0.projectID == project }
        }
    }

    /// All of them, or none.
    package func create(_ requests: [PortRequest], by caller: Caller) async throws -> [Port] {
        let now = clock.now()
        return try await change { db in
            try requests.map { request in
                let network = try visibleNetwork(request.networkID, by: caller, db)
                try Self.check(request, on: network, by: caller)
                return try Self.create(request, on: network, now: now, db)
            }
        }
    }

    /// On a network of somebody else, only its owner or an administrator says who a guest may pretend to be: Neutron's
    /// policies `create_port:mac_address`, `:fixed_ips:ip_address`, `:port_security_enabled`, `:allowed_address_pairs`.
    static func check(_ request: PortRequest, on network: Network, by caller: Caller) throws {
        guard caller.owns(network.projectID) || network.isShared else {
            throw CloudError(.forbidden, "Ports on the external network \(network.id) are made by its owner only.")
        }
        try PortOwners.check(request.deviceOwner, by: caller)
        try refuse(request, on: network, by: caller)
    }

    private static func refuse(_ request: PortRequest, on network: Network, by caller: Caller) throws {
        guard !caller.owns(network.projectID) else { return }
        let wishes = [
            ("mac_address", request.macAddress != nil), ("port_security_enabled", request.portSecurityEnabled != nil),
            ("allowed_address_pairs", !request.allowedAddressPairs.isEmpty),
            ("fixed_ips:ip_address", request.addresses?.contains { $0.ipAddress != nil } == true),
        ]
        if let refused = wishes.first(where: \.1) {
            throw CloudError(
                .forbidden, "Only the owner of network \(network.id) or an administrator may set \(refused.0) on it.")
        }
    }

    /// Of a port that is made for something else, only its addresses are the caller's wish.
    static func refuseAddresses(_ request: PortRequest, on network: Network, by caller: Caller) throws {
        var wishes = PortRequest(networkID: network.id, projectID: request.projectID)
        wishes.addresses = request.addresses
        try refuse(wishes, on: network, by: caller)
    }

    static func create(
        _ request: PortRequest, on network: Network, now: Timestamp, _ db: any Connection
    ) throws -> Port {
        if PortOwners.countsInQuota(request.deviceOwner) { try take("port", for: request.projectID, db) }
        let security = request.portSecurityEnabled ?? network.portSecurityEnabled
        var groups = request.securityGroups ?? []
        if request.securityGroups == nil, security, !request.deviceOwner.hasPrefix("network:") {
            groups = [try ensureDefaultGroup(of: request.projectID, now: now, db).id]
        }
        for group in groups {
            guard let found = try db.find(SecurityGroup.self, key: .id(group)), found.projectID == request.projectID
            else {
                throw CloudError.notFound("Security group", group)
            }
        }
        let port = Port(
            id: request.id, networkID: network.id, projectID: request.projectID, name: request.name,
            description: request.description, adminStateUp: request.adminStateUp,
            macAddress: try request.macAddress ?? freeMAC(on: network.id, db),
            fixedIPs: try JSONText(try addresses(request, on: network, db)), deviceID: request.deviceID,
            deviceOwner: request.deviceOwner, securityGroups: try JSONText(groups), portSecurityEnabled: security,
            allowedAddressPairs: try JSONText(request.allowedAddressPairs), bindingHost: request.bindingHost,
            status: request.bindingHost.isEmpty ? "DOWN" : "ACTIVE", dnsName: request.dnsName,
            tags: try JSONText(request.tags), createdAt: now, updatedAt: now)
        do {
            try db.insert(port)
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(
                .conflict,
                "Unable to complete operation for network \(network.id). The mac address \(port.macAddress) is in use.",
                cause: error)
        }
        try PortQueries.setGroups(groups, of: port.id, db)
        return port
    }

    private static func addresses(
        _ request: PortRequest, on network: Network, _ db: any Connection
    ) throws -> [FixedIP] {
        let subnets = try SubnetQueries.subnets(of: network.id, db)
        guard let wanted = request.addresses else {
            return subnets.isEmpty ? [] : [try anyAddress(in: subnets, on: network, for: request.id, db)]
        }
        return try wanted.map { want in
            if want.subnetID == nil, want.ipAddress == nil, !subnets.isEmpty {
                return try anyAddress(in: subnets, on: network, for: request.id, db)
            }
            let found = subnets.first { subnet in
                if let id = want.subnetID { return subnet.id == id }
                guard let address = want.ipAddress.flatMap({ IPAddress($0) }) else { return false }
                return CIDR(subnet.cidr)?.contains(address) ?? false
            }
            guard let subnet = found else {
                let what = want.subnetID.map { "subnet \($0)" } ?? "IP address \((want.ipAddress ?? "").prefix(64))"
                throw CloudError.badRequest("Invalid input for operation: \(what) is not on network \(network.id).")
            }
            try refuseHostsGateway(want.ipAddress, in: subnet, of: network)
            let address = try allocate(in: subnet, wanted: want.ipAddress, for: request.id, db)
            return FixedIP(subnetID: subnet.id, ipAddress: address)
        }
    }

    /// Of the IPv4 subnets, if there are any, the first one with room.
    private static func anyAddress(
        in subnets: [Subnet], on network: Network, for port: PortID, _ db: any Connection
    ) throws -> FixedIP {
        let old = subnets.filter { $0.ipVersion == 4 }
        for subnet in old.isEmpty ? subnets : old {
            if let address = try takeNext(in: subnet, for: port, db) {
                return FixedIP(subnetID: subnet.id, ipAddress: address)
            }
        }
        throw exhausted(network.id)
    }

    /// Hosts themselves have the gateway's address of an external network, and what is behind it goes through them.
    private static func refuseHostsGateway(_ text: String?, in subnet: Subnet, of network: Network) throws {
        guard network.isExternal, let address = text.flatMap({ IPAddress($0) }), isGateway(address, of: subnet) else {
            return
        }
        throw CloudError.badRequest(
            "IP address \(address) is the gateway of subnet \(subnet.id) on the external network \(network.id); "
                + "choose another one.")
    }

    /// `addresses`, when given, replace the fixed ones.
    package func update(
        _ id: PortID, addresses wanted: [PortRequest.Address]? = nil, by caller: Caller,
        _ edit: @escaping @Sendable (inout Port) throws -> Void
    ) async throws -> Port {
        let now = clock.now()
        return try await change { db in
            let old = try own(Port.self, id.text, "Port", \.projectID, caller, db)
            guard let network = try db.find(Network.self, key: .id(old.networkID)) else {
                throw CloudError.notFound("Network", old.networkID)
            }
            var changed = old
            try edit(&changed)
            try Self.check(changed, wanted, against: old, on: network, by: caller)
            try Self.recount(changed, against: old, db)
            changed.updatedAt = now
            if let wanted {
                try SubnetQueries.releaseAll(of: id, db)
                var request = PortRequest(networkID: network.id, projectID: old.projectID)
                request.id = id
                request.addresses = wanted
                changed.fixedIPs = try JSONText(try Self.addresses(request, on: network, db))
                try Self.refuseLostFloatingIPs(changed, db)
            }
            let groups = try changed.securityGroups.value()
            for group in groups {
                guard let found = try db.find(SecurityGroup.self, key: .id(group)), found.projectID == old.projectID
                else { throw CloudError.notFound("Security group", group) }
            }
            try PortQueries.setGroups(groups, of: id, db)
            try db.update(changed)
            try NetworkOutboxQueries.tell(device: changed.deviceID, db)
            return changed
        }
    }

    /// The same for a change of the port.
    private static func check(
        _ port: Port, _ addresses: [PortRequest.Address]?, against old: Port, on network: Network, by caller: Caller
    ) throws {
        try PortOwners.check(port, addresses, against: old, by: caller)
        var wishes = PortRequest(networkID: network.id, projectID: port.projectID)
        wishes.addresses = addresses
        if port.portSecurityEnabled != old.portSecurityEnabled { wishes.portSecurityEnabled = port.portSecurityEnabled }
        if port.allowedAddressPairs != old.allowedAddressPairs {
            wishes.allowedAddressPairs = try port.allowedAddressPairs.value()
        }
        if port.macAddress != old.macAddress { wishes.macAddress = port.macAddress }
        try refuse(wishes, on: network, by: caller)
    }

    package func deletePort(_ id: PortID, by caller: Caller) async throws {
        try await change { db in
            let port = try own(Port.self, id.text, "Port", \.projectID, caller, db)
            if PortOwners.ofRouters.contains(port.deviceOwner) {
                throw CloudError(
                    .conflict,
                    "Port \(id) cannot be deleted directly via the port API: has device owner \(port.deviceOwner).")
            }
            try Self.remove(port, db)
            try NetworkOutboxQueries.tell(device: port.deviceID, db)
        }
    }

    /// Takes a port away; floating IPs that point to it point nowhere.
    static func remove(_ port: Port, _ db: any Connection) throws {
        try FloatingIPQueries.detach(ofPort: port.id, db)
        try db.delete(Port.self, key: .id(port.id))
        if PortOwners.countsInQuota(port.deviceOwner) { try giveBack("port", for: port.projectID, db) }
    }

    /// Quota follows a port that becomes one of the cloud's own, or ceases to be.
    private static func recount(_ port: Port, against old: Port, _ db: any Connection) throws {
        switch (PortOwners.countsInQuota(old.deviceOwner), PortOwners.countsInQuota(port.deviceOwner)) {
        case (false, true): try take("port", for: port.projectID, db)
        case (true, false): try giveBack("port", for: port.projectID, db)
        default: return
        }
    }

    /// An address that a floating IP stands for stays: whoever got it next would get the floating IP's connections.
    private static func refuseLostFloatingIPs(_ port: Port, _ db: any Connection) throws {
        let kept = Set(try port.fixedIPs.value().map(\.ipAddress))
        for floating in try FloatingIPQueries.floatingIPs(ofPort: port.id, db) {
            guard let address = floating.fixedAddress, !kept.contains(address) else { continue }
            throw CloudError(
                .conflict,
                "Fixed IP \(address) of port \(port.id) is in use by floating IP \(floating.id); "
                    + "disassociate that first.")
        }
    }
}
