import Model
import Networking
import Store

/// All that Compute asks of Network: few calls, each repeatable. In transactions of Compute they check the NICs that a
/// new server wants, bind its ports, look at them, and release those of one that is deleted.
struct NetworkCalls: Sendable {
    private let networking: NetworkingService

    init(_ networking: NetworkingService) {
        self.networking = networking
    }

    /// The NICs of a new server, checked: networks seen, ports free. Without a wish: the only network there is, among
    /// several the default one, or none. A project's own networks come before shared ones.
    func resolve(
        _ wanted: [RequestedNIC]?, automatic: Bool, by caller: Caller, _ db: any Connection
    ) throws -> [RequestedNIC] {
        guard let wanted else { return try choose(automatic: automatic, by: caller, db) }
        let ports = wanted.compactMap(\.portID)
        if let twin = ports.first(where: { id in ports.filter { $0 == id }.count > 1 }) {
            throw CloudError.badRequest("Port \(twin) is asked for more than once.")
        }
        do {
            for nic in wanted { try check(nic, by: caller, db) }
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.badRequest, error.message, cause: error)
        }
        return wanted
    }

    private func choose(automatic: Bool, by caller: Caller, _ db: any Connection) throws -> [RequestedNIC] {
        let project = try caller.project()
        let usable = try networking.networks(by: caller, db).filter {
            !$0.isExternal && ($0.projectID == project || $0.isShared)
        }
        let own = usable.filter { $0.projectID == project }
        let candidates = own.isEmpty ? usable : own
        if let only = candidates.first, candidates.count == 1 { return [RequestedNIC(networkID: only.id)] }
        if let preferred = candidates.first(where: \.isDefault) { return [RequestedNIC(networkID: preferred.id)] }
        guard candidates.isEmpty else {
            throw CloudError(
                .conflict, "Multiple possible networks found, use a Network ID to be more specific.")
        }
        guard !automatic else {
            throw CloudError.badRequest(
                "Unable to automatically allocate a network: the project sees none. Create a network first.")
        }
        return []
    }

    /// The one NIC that is to be attached, checked in the same way.
    func resolve(_ wanted: RequestedNIC?, by caller: Caller, _ db: any Connection) throws -> RequestedNIC {
        if let wanted {
            try check(wanted, by: caller, db)
            return wanted
        }
        guard let chosen = try choose(automatic: false, by: caller, db).first else {
            throw CloudError.badRequest("The project sees no network: name one in net_id, or a port in port_id.")
        }
        return chosen
    }

    private func check(_ nic: RequestedNIC, by caller: Caller, _ db: any Connection) throws {
        if let id = nic.portID {
            let port = try networking.port(id, by: caller, db)
            guard port.deviceID.isEmpty else { throw CloudError(.conflict, "Port \(id) is still in use.") }
            if let address = nic.fixedIP {
                throw CloudError.badRequest(
                    "Specified Fixed IP '\(address)' cannot be used with port '\(id)': the two cannot be specified "
                        + "together.")
            }
            guard port.fixedIPs.raw != "[]" else {
                throw CloudError.badRequest("Port \(id) requires a FixedIP in order to be used.")
            }
            return
        }
        guard let id = nic.networkID else { throw CloudError.badRequest("A NIC needs a network or a port.") }
        let network = try networking.network(id, by: caller, db)
        if network.isExternal, !network.isShared, !caller.isAdmin {
            throw CloudError(.forbidden, "It is not allowed to create an interface on external network \(id)")
        }
        let subnets = try networking.subnets(of: id, db)
        guard !subnets.isEmpty else {
            throw CloudError.badRequest("Network \(id) requires a subnet in order to boot instances on.")
        }
        guard let text = nic.fixedIP else { return }
        guard caller.owns(network.projectID) else {
            throw CloudError(
                .forbidden, "Only the owner of network \(id) or an administrator may choose an address on it.")
        }
        guard let address = IPAddress(text), subnets.contains(where: { CIDR($0.cidr)?.contains(address) == true })
        else { throw CloudError.badRequest("Fixed IP \(text) is not a valid ip address for network \(id).") }
        if let holder = try networking.port(at: address.description, on: id, db) {
            throw CloudError.badRequest(
                "Fixed IP address \(text) is already in use on instance "
                    + "\(caller.owns(holder.projectID) ? holder.deviceID : "of somebody else").")
        }
    }

    /// The ids of security groups given by name or id.
    func groups(_ names: [String], by caller: Caller) async throws -> [SecurityGroupID] {
        if names.isEmpty { return [] }
        let project = try caller.project()
        let own = try await networking.securityGroups(by: caller).filter { $0.projectID == project }
        return try names.map { name in
            let found = own.filter { $0.id.text == name || $0.name == name }
            guard let group = found.first else {
                throw CloudError.badRequest("Unable to find security_group with name or id '\(name.prefix(80))'")
            }
            guard found.count == 1 else {
                throw CloudError(.conflict, "Multiple security_group matches found for name '\(name)', use an ID.")
            }
            return group.id
        }
    }

    func groups(by caller: Caller) async throws -> [SecurityGroup] { try await networking.securityGroups(by: caller) }

    func rules(of group: SecurityGroupID) async throws -> [SecurityGroupRule] {
        try await networking.rules(of: group)
    }

    func setGroups(
        of port: PortID, by caller: Caller, _ change: @escaping @Sendable ([SecurityGroupID]) -> [SecurityGroupID]
    ) async throws {
        _ = try await networking.update(port, by: caller) { draft in
            draft.securityGroups = change(try draft.port.securityGroups.value()).sorted()
        }
    }

    /// Binds the ports of a new server in the transaction that writes its document; what it changes is told after the
    /// commit.
    func bind(
        _ server: Server, _ request: ServerRequest, to host: HostPlace, by caller: Caller, _ db: any Connection
    ) throws -> (ports: [PortAttachment], change: NetworkChange) {
        let groups = try request.securityGroups.value()
        let nics = try request.nics.value().enumerated().map { index, nic in
            NetworkingService.ServerNIC(
                key: String(index), request: nic, securityGroups: groups.isEmpty ? nil : groups)
        }
        if nics.isEmpty { return ([], NetworkChange()) }
        let (all, change) = try networking.bindPorts(of: holder(server, on: host), nics: nics, by: caller, db)
        return (all.filter { $0.port.projectID == server.projectID }, change)
    }

    /// The ports stay the server's, which is on no host.
    func unbind(_ server: Server, _ db: any Connection) throws -> NetworkChange {
        try networking.moveBindings(of: server.id.text, in: server.projectID, to: "", db)
    }

    /// The ports that the server kept, in the order of its NICs.
    func rebind(
        _ server: Server, to host: HostPlace, _ db: any Connection
    ) throws -> (ports: [PortAttachment], change: NetworkChange) {
        let holder = holder(server, on: host)
        let change = try networking.moveBindings(
            of: holder.device, in: server.projectID, to: holder.host, owner: holder.owner, db)
        return (try attachments(of: server, db).sorted { $0.port.comesBefore($1.port) }, change)
    }

    func tell(_ change: NetworkChange) { networking.tell(change) }

    private func holder(_ server: Server, on host: HostPlace) -> NetworkingService.PortHolder {
        NetworkingService.PortHolder(
            device: server.id.text, owner: "compute:\(host.zone)", hostname: server.hostname,
            host: host.hostname)
    }

    /// The same for one NIC more, in the project's default security group unless the port brings its own.
    func bind(
        _ server: Server, _ nic: RequestedNIC, key: String, to host: HostPlace, by caller: Caller
    ) async throws -> Port {
        let all = try await networking.bindPorts(
            of: holder(server, on: host), nics: [.init(key: key, request: nic, securityGroups: nil)], by: caller)
        guard let bound = all.first(where: { $0.port.isBound(under: key) && $0.port.projectID == server.projectID })
        else {
            throw CloudError(.conflict, "The port belongs to another project than the server \(server.id).")
        }
        return bound.port
    }

    func release(
        _ server: ServerID, _ choice: NetworkingService.PortChoice = .all, given: [RequestedNIC]
    ) async throws {
        try await networking.releasePorts(of: server.text, choice, given: Set(given.compactMap(\.portID)))
    }

    /// All of them, in the commit that writes what comes of it; what it changes is told after that.
    func release(_ server: ServerID, given: [RequestedNIC], _ db: any Connection) throws -> NetworkChange {
        try networking.releasePorts(of: server.text, .all, given: Set(given.compactMap(\.portID)), db)
    }

    /// Ports of the server's own project: whoever has a port may write any server's id on it.
    func attachments(of server: ServerID, in project: ProjectID) async throws -> [PortAttachment] {
        try await networking.attachments(of: server.text).filter { $0.port.projectID == project }
    }

    /// The same in a transaction that writes what comes of it: what an attach has committed by then is seen.
    func attachments(of server: Server, _ db: any Connection) throws -> [PortAttachment] {
        try NetworkingService.attachments(of: server.id.text, db).filter { $0.port.projectID == server.projectID }
    }

    /// What the port that holds an address says of its server; to be believed only of the port's own project.
    func claim(at address: String, on network: NetworkID) async throws -> (server: ServerID, project: ProjectID)? {
        try await networking.port(at: address, on: network).map { (ServerID($0.deviceID), $0.projectID) }
    }
}
