package import Model
package import Store

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
    /// What the cloud itself keeps of the binding.
    var bindingProfile = "{}"
    package var profile = "{}"
    package var dnsName = ""
    package var tags: [String] = []

    package init(networkID: NetworkID, projectID: ProjectID) {
        self.networkID = networkID
        self.projectID = projectID
    }

    package init(_ draft: PortDraft) throws {
        let port = draft.port
        self.init(networkID: port.networkID, projectID: port.projectID)
        id = port.id
        name = port.name
        description = port.description
        adminStateUp = port.adminStateUp
        macAddress = draft.macAddress
        addresses = draft.addresses
        securityGroups = draft.securityGroups
        portSecurityEnabled = draft.portSecurityEnabled
        allowedAddressPairs = draft.allowedAddressPairs ?? []
        deviceID = port.deviceID
        deviceOwner = port.deviceOwner
        bindingHost = draft.bindingHost ?? ""
        profile = port.profile
        dnsName = port.dnsName
        tags = try port.tags.value()
    }
}

extension NetworkingService {
    package func port(_ id: PortID, by caller: Caller) async throws -> Port {
        try await database.read { try port(id, by: caller, $0) }
    }

    package func port(_ id: PortID, by caller: Caller, _ db: any Connection) throws -> Port {
        try own(Port.self, id, caller, db)
    }

    /// All of them, or none.
    package func create(_ requests: [PortRequest], by caller: Caller) async throws -> [Port] {
        let now = clock.now()
        return try await change { db, touch in
            try requests.map { request in
                let network = try visibleNetwork(request.networkID, by: caller, db)
                try Self.check(request, on: network, by: caller)
                try check(request.addresses, by: caller, db)
                return try Self.create(request, on: network, now: now, &touch, db)
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
        if let refused = wishes.first(where: \.1) { throw chosen(refused.0, on: network) }
    }

    private static func chosen(_ wish: String, on network: Network) -> CloudError {
        CloudError(.forbidden, "Only the owner of network \(network.id) or an administrator may set \(wish) on it.")
    }

    /// What is wrong with a subnet is told to whoever sees it only.
    func check(_ addresses: [PortRequest.Address]?, by caller: Caller, _ db: any Connection) throws {
        for id in addresses?.compactMap(\.subnetID) ?? [] { _ = try seen(Subnet.self, id, caller, db) }
    }

    /// Of a port that is made for something else, only its addresses are the caller's wish.
    static func refuseAddresses(_ request: PortRequest, on network: Network, by caller: Caller) throws {
        var wishes = PortRequest(networkID: network.id, projectID: request.projectID)
        wishes.addresses = request.addresses
        try refuse(wishes, on: network, by: caller)
    }

    static func create(
        _ request: PortRequest, on network: Network, now: Timestamp, _ touch: inout NetworkChange, _ db: any Connection
    ) throws -> Port {
        try make(request, on: network, now: now, &touch, db).port
    }

    /// The port with what was read to make it.
    static func make(
        _ request: PortRequest, on network: Network, now: Timestamp, _ touch: inout NetworkChange, _ db: any Connection
    ) throws -> PortAttachment {
        if PortOwners.countsInQuota(request.deviceOwner) { try take("port", for: request.projectID, db) }
        let security = request.portSecurityEnabled ?? network.portSecurityEnabled
        let groups = try groups(of: request, security, now: now, db)
        let groupIDs = groups.map(\.id)
        try PortSecurity.check(security, groups: groupIDs, pairs: request.allowedAddressPairs)
        let mac = try request.macAddress ?? freeMAC(on: network.id, db)
        let subnets = try SubnetQueries.subnets(of: network.id, db)
        let port = Port(
            id: request.id, networkID: network.id, projectID: request.projectID, name: request.name,
            description: request.description, adminStateUp: request.adminStateUp,
            macAddress: mac,
            fixedIPs: try JSONText(
                try PortAddresses.take(
                    request.addresses, for: request.id, owner: request.deviceOwner, mac: mac, on: network, subnets, db)
            ), deviceID: request.deviceID,
            deviceOwner: request.deviceOwner, securityGroups: try JSONText(groupIDs), portSecurityEnabled: security,
            allowedAddressPairs: try JSONText(PortSecurity.completed(request.allowedAddressPairs, mac: mac)),
            bindingHost: request.bindingHost, bindingProfile: request.bindingProfile,
            status: PortOwners.status(owner: request.deviceOwner, host: request.bindingHost),
            dnsName: request.dnsName, tags: try JSONText(request.tags), createdAt: now, updatedAt: now,
            profile: request.profile)
        do {
            try db.insert(port)
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw macInUse(port, cause: error)
        }
        try PortQueries.addGroups(groupIDs, to: port.id, db)
        try touch.port(from: nil, to: port)
        return PortAttachment(
            port: port, network: network, subnets: subnets, floatingIPs: [], groupNames: groups.map(\.name))
    }

    /// Those that are asked for, or the project's default group where the port has any.
    private static func groups(
        of request: PortRequest, _ security: Bool, now: Timestamp, _ db: any Connection
    ) throws -> [SecurityGroup] {
        if let wanted = request.securityGroups { return try groups(wanted, of: request.projectID, db) }
        guard security, !request.deviceOwner.hasPrefix("network:") else { return [] }
        return [try ensureDefaultGroup(of: request.projectID, now: now, db)]
    }

    private static func groups(
        _ ids: [SecurityGroupID], of project: ProjectID, _ db: any Connection
    ) throws -> [SecurityGroup] {
        try ids.map { id in
            guard let found = try db.find(SecurityGroup.self, key: .id(id)), found.projectID == project else {
                throw SecurityGroup.notFound("\(id)")
            }
            return found
        }
    }

    /// Changes a port as `edit` writes into the draft of it; wished addresses replace the fixed ones.
    @discardableResult
    package func update(
        _ id: PortID, by caller: Caller, _ edit: @escaping @Sendable (inout PortDraft) throws -> Void
    ) async throws -> Port {
        let now = clock.now()
        return try await change { db, touch in
            let old = try own(Port.self, id, caller, db)
            guard let network = try db.find(Network.self, key: .id(old.networkID)) else {
                throw Network.notFound(old.networkID.text)
            }
            var draft = PortDraft(old)
            try edit(&draft)
            var changed = try PortSecurity.applied(draft, to: old)
            let wanted = try PortAddresses.wishes(draft.addresses, mac: changed.macAddress, of: old, db)
            try check(draft.addresses, by: caller, db)
            try PortOwners.check(changed, wanted, against: old, by: caller)
            try Self.check(changed, draft.addresses, against: old, on: network, by: caller)
            try Self.recount(changed, against: old, db)
            changed.revise(at: now)
            if let wanted {
                try SubnetQueries.releaseAll(of: id, db)
                changed.fixedIPs = try JSONText(
                    try PortAddresses.take(
                        wanted, for: id, owner: old.deviceOwner, mac: changed.macAddress, on: network,
                        SubnetQueries.subnets(of: network.id, db), db))
                try Self.refuseLostFloatingIPs(changed, db)
            }
            let groups = try changed.securityGroups.value()
            _ = try Self.groups(groups, of: old.projectID, db)
            try PortQueries.setGroups(groups, of: id, db)
            do {
                try db.update(changed)
            } catch let error as StoreError where error.kind == .uniqueViolation {
                throw Self.macInUse(changed, cause: error)
            }
            try touch.port(from: old, to: changed)
            for device in Set([old.deviceID, changed.deviceID]) { try NetworkOutboxQueries.tell(device: device, db) }
            return changed
        }
    }

    private static func macInUse(_ port: Port, cause: StoreError) -> CloudError {
        CloudError(
            .conflict,
            "Unable to complete operation for network \(port.networkID). The mac address \(port.macAddress) is in use.",
            type: "MacAddressInUse", cause: cause)
    }

    /// The same for a change of the port, which leaves its addresses as they are. On its project's own networks, too,
    /// only a manager changes the hardware address of a port that is there: `update_port:mac_address`.
    private static func check(
        _ port: Port, _ addresses: [PortRequest.Address]?, against old: Port, on network: Network, by caller: Caller
    ) throws {
        var wishes = PortRequest(networkID: network.id, projectID: port.projectID)
        wishes.addresses = addresses
        if port.portSecurityEnabled != old.portSecurityEnabled { wishes.portSecurityEnabled = port.portSecurityEnabled }
        if port.allowedAddressPairs != old.allowedAddressPairs {
            wishes.allowedAddressPairs = try port.allowedAddressPairs.value()
        }
        if port.macAddress != old.macAddress {
            guard caller.isAdmin || caller.roles.contains("manager") else {
                throw CloudError(
                    .forbidden,
                    "(rule:update_port:mac_address) is disallowed by policy: only a manager of the network's project "
                        + "or an administrator may change mac_address.", type: "PolicyNotAuthorized")
            }
            wishes.macAddress = port.macAddress
        }
        guard addresses == nil || caller.owns(network.projectID) else { throw chosen("fixed_ips", on: network) }
        try refuse(wishes, on: network, by: caller)
    }

    package func deletePort(_ id: PortID, by caller: Caller) async throws {
        try await change { db, touch in
            let port = try removable(id, by: caller, db)
            if PortOwners.ofRouters.contains(port.deviceOwner) {
                throw CloudError(
                    .conflict,
                    "Port \(id) cannot be deleted directly via the port API: has device owner \(port.deviceOwner).",
                    type: "ServicePortInUse")
            }
            try Self.remove(port, &touch, db)
            try NetworkOutboxQueries.tell(device: port.deviceID, db)
        }
    }

    /// A port of the caller's own, or one on a network of its own that is no server's: whoever shares a network has it
    /// to itself again.
    private func removable(_ id: PortID, by caller: Caller, _ db: any Connection) throws -> Port {
        let port = try seen(Port.self, id, caller, db)
        guard caller.owns(port.projectID) || !port.deviceOwner.hasPrefix("compute:") else {
            throw Self.notYours(Port.self, id)
        }
        return port
    }

    /// Takes a port away; floating IPs that point to it point nowhere.
    static func remove(_ port: Port, _ touch: inout NetworkChange, _ db: any Connection) throws {
        for router in try FloatingIPQueries.detach(ofPort: port.id, db) { touch.part(.router(router)) }
        try db.delete(Port.self, key: .id(port.id))
        try touch.port(from: port, to: nil)
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
                    + "disassociate that first.", type: "PortInUse")
        }
    }
}
