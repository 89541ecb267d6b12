package import Model
package import Store

/// The ports of one server, made and bound in one go. Repeatable: what an earlier try made is found again.
extension NetworkingService {
    package struct ServerNIC: Sendable {
        /// How an earlier try is recognised: the NIC's place among those the server was created with, or the workflow
        /// that attached it.
        package var key: String
        package var request: RequestedNIC
        package var securityGroups: [SecurityGroupID]?

        package init(key: String, request: RequestedNIC, securityGroups: [SecurityGroupID]?) {
            self.key = key
            self.request = request
            self.securityGroups = securityGroups
        }
    }

    /// What ports are bound to.
    package struct PortHolder: Sendable {
        package var device: String
        package var owner: String
        package var hostname: String
        package var host: String

        package init(device: String, owner: String, hostname: String, host: String) {
            self.device = device
            self.owner = owner
            self.hostname = hostname
            self.host = host
        }
    }

    /// Returns the ports of these NICs, in their order.
    package func bindPorts(
        of holder: PortHolder, nics: [ServerNIC], by caller: Caller
    ) async throws -> [PortAttachment] {
        try await change { db, touch in try bind(nics, to: holder, by: caller, &touch, db) }
    }

    /// The same in a transaction of the caller's, who tells the change when it is committed.
    package func bindPorts(
        of holder: PortHolder, nics: [ServerNIC], by caller: Caller, _ db: any Connection
    ) throws -> (ports: [PortAttachment], change: NetworkChange) {
        var change = NetworkChange()
        let bound = try bind(nics, to: holder, by: caller, &change, db)
        try change.write(db)
        return (bound, change)
    }

    private func bind(
        _ nics: [ServerNIC], to holder: PortHolder, by caller: Caller, _ touch: inout NetworkChange,
        _ db: any Connection
    ) throws -> [PortAttachment] {
        let known = try PortQueries.ports(ofDevice: holder.device, db)
        var made: [PortAttachment] = []
        for nic in nics where !known.contains(where: { $0.isBound(under: nic.key) }) {
            if let id = nic.request.portID {
                try bind(own(Port.self, id, caller, db), nic, to: holder, &touch, db)
            } else {
                made.append(try make(nic, for: holder, by: caller, &touch, db))
            }
        }
        if made.count == nics.count { return made }
        let all = try Self.attachments(of: holder.device, db)
        return nics.compactMap { nic in all.first { $0.port.isBound(under: nic.key) } }
    }

    /// A port that the server was given.
    private func bind(
        _ given: Port, _ nic: ServerNIC, to holder: PortHolder, _ touch: inout NetworkChange, _ db: any Connection
    ) throws {
        guard given.deviceID.isEmpty else { throw CloudError(.conflict, "Port \(given.id) is still in use.") }
        var port = given
        port.deviceID = holder.device
        port.deviceOwner = holder.owner
        port.bindingHost = holder.host
        port.bindingProfile = try JSONText(Binding(nic)).raw
        port.status = "ACTIVE"
        if port.dnsName.isEmpty { port.dnsName = holder.hostname }
        port.revise(at: clock.now())
        try db.update(port, from: given)
        try touch.port(from: given, to: port)
    }

    private func make(
        _ nic: ServerNIC, for holder: PortHolder, by caller: Caller, _ touch: inout NetworkChange, _ db: any Connection
    ) throws -> PortAttachment {
        guard let networkID = nic.request.networkID else {
            throw CloudError(.internal, "A NIC names neither a port nor a network.")
        }
        let network = try visibleNetwork(networkID, by: caller, db)
        var request = PortRequest(networkID: networkID, projectID: try caller.project())
        request.securityGroups = nic.securityGroups
        if let address = nic.request.fixedIP { request.addresses = [.init(ipAddress: address)] }
        try Self.check(request, on: network, by: caller)
        request.deviceID = holder.device
        request.deviceOwner = holder.owner
        request.bindingHost = holder.host
        request.bindingProfile = try JSONText(Binding(nic)).raw
        request.dnsName = holder.hostname
        return try Self.make(request, on: network, now: clock.now(), &touch, db)
    }

    package enum PortChoice: Sendable {
        case all
        case port(PortID)
        /// What `bindPorts` bound under a key.
        case key(String)
    }

    /// Takes the ports away that were made for the server, and sets those free that it was given.
    package func releasePorts(of device: String, _ choice: PortChoice = .all, given: Set<PortID>) async throws {
        try await change { db, touch in try release(device, choice, given, &touch, db) }
    }

    /// The same in a transaction of the caller's, who tells the change when it is committed.
    package func releasePorts(
        of device: String, _ choice: PortChoice, given: Set<PortID>, _ db: any Connection
    ) throws -> NetworkChange {
        var change = NetworkChange()
        try release(device, choice, given, &change, db)
        try change.write(db)
        return change
    }

    private func release(
        _ device: String, _ choice: PortChoice, _ given: Set<PortID>, _ touch: inout NetworkChange,
        _ db: any Connection
    ) throws {
        let now = clock.now()
        let chosen = try PortQueries.ports(ofDevice: device, db).filter { port in
            switch choice {
            case .all: true
            case .port(let id): port.id == id
            case .key(let key): port.isBound(under: key)
            }
        }
        for old in chosen {
            var port = old
            guard given.contains(port.id) else {
                try Self.remove(port, &touch, db)
                continue
            }
            port.deviceID = ""
            port.deviceOwner = ""
            port.bindingHost = ""
            port.bindingProfile = "{}"
            port.status = "DOWN"
            port.dnsName = ""
            port.revise(at: now)
            try db.update(port)
            try touch.port(from: old, to: port)
        }
    }

    /// The ports that a project's server keeps while it is on no host, or takes to another one. `owner` says the new
    /// host's zone.
    ///
    /// - Parameter host: empty for none.
    package func moveBindings(
        of device: String, in project: ProjectID, to host: String, owner: String? = nil, _ db: any Connection
    ) throws -> NetworkChange {
        var change = NetworkChange()
        let now = clock.now()
        for old in try PortQueries.ports(ofDevice: device, db) where old.projectID == project {
            var port = old
            port.bindingHost = host
            port.deviceOwner = owner ?? old.deviceOwner
            port.status = PortOwners.status(owner: port.deviceOwner, host: host)
            port.revise(at: now)
            try db.update(port, from: old)
            try change.port(from: old, to: port)
        }
        try change.write(db)
        return change
    }

    /// The ports of a device, with the networks they are in and their floating IPs: what a server's addresses are made
    /// of.
    package func attachments(of device: String) async throws -> [PortAttachment] {
        try await database.read { try Self.attachments(of: device, $0) }
    }

    package static func attachments(of device: String, _ db: any Connection) throws -> [PortAttachment] {
        try PortQueries.ports(ofDevice: device, db).compactMap { port in
            guard let network = try db.find(Network.self, key: .id(port.networkID)) else { return nil }
            return PortAttachment(
                port: port, network: network, subnets: try SubnetQueries.subnets(of: network.id, db),
                floatingIPs: try FloatingIPQueries.floatingIPs(ofPort: port.id, db),
                groupNames: try port.securityGroups.value().compactMap {
                    try db.find(SecurityGroup.self, key: .id($0))?.name
                })
        }
    }

    /// The port that holds an address in a network.
    package func port(at address: String, on network: NetworkID) async throws -> Port? {
        try await database.read { try port(at: address, on: network, $0) }
    }

    package func port(at address: String, on network: NetworkID, _ db: any Connection) throws -> Port? {
        try PortQueries.port(at: address, on: network, db)
    }

    /// Devices whose addresses or groups changed since the last call; each is named at least once.
    package func drainOutbox(
        _ consume: @Sendable ([String]) async throws -> Void
    ) async throws {
        let rows = try await database.read { try NetworkOutboxQueries.read(limit: 500, $0) }
        guard let last = rows.last?.sequence else { return }
        try await consume(Array(Set(rows.map(\.device))))
        try await database.transaction { try NetworkOutboxQueries.clear(through: last, $0) }
    }
}

/// What `bindPorts` leaves in `binding:profile`.
private struct Binding: Codable, Sendable {
    var nic: String
    var tag: String?

    init(_ nic: NetworkingService.ServerNIC) {
        self.nic = nic.key
        tag = nic.request.tag
    }

    /// The first release wrote the NIC's place as a number.
    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let place = try? values.decode(Int.self, forKey: .nic) {
            nic = String(place)
        } else {
            nic = try values.decode(String.self, forKey: .nic)
        }
        tag = try values.decodeIfPresent(String.self, forKey: .tag)
    }
}

extension Port {
    /// `nil` where the profile is somebody else's.
    private var binding: Binding? { try? JSONText(raw: bindingProfile).value() }

    /// Whether `bindPorts` bound it for the NIC with this key.
    package func isBound(under key: String) -> Bool { binding?.nic == key }

    /// Among the NICs of a server: those it was created with, in their order, then others as they came.
    package func comesBefore(_ other: Port) -> Bool {
        let (key, otherKey) = (binding?.nic ?? "", other.binding?.nic ?? "")
        return switch (Int(key), Int(otherKey)) {
        case (let place?, let otherPlace?): place < otherPlace
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): key < otherKey
        }
    }

    /// The device tag that the user gave the NIC.
    package var nicTag: String? { binding?.tag }
}

package struct PortAttachment: Sendable {
    package var port: Port
    package var network: Network
    package var subnets: [Subnet]
    package var floatingIPs: [FloatingIP]
    package var groupNames: [String]
}
