package import Model

/// A security group with its rules.
package struct RuledGroup: Sendable {
    package var group: SecurityGroup
    package var rules: [SecurityGroupRule]
}

extension ComputeService {
    /// The groups on the ports of a server, by project and name, and all that the caller sees: rules speak of them.
    package func securityGroups(
        of id: ServerID, by caller: Caller
    ) async throws -> (groups: [RuledGroup], seen: [SecurityGroup]) {
        let ids = Set(try await attachments(of: id, by: caller).flatMap { try $0.port.securityGroups.value() })
        let seen = try await network.groups(by: caller)
        var groups: [RuledGroup] = []
        for group in seen where ids.contains(group.id) {
            groups.append(RuledGroup(group: group, rules: try await network.rules(of: group.id)))
        }
        groups.sort { ($0.group.projectID, $0.group.name) < ($1.group.projectID, $1.group.name) }
        return (groups, seen)
    }

    /// Puts a group on every port of the server.
    package func addSecurityGroup(_ name: String, to id: ServerID, by caller: Caller) async throws {
        let (group, ports) = try await groupAndPorts(name, id, by: caller)
        guard ports.allSatisfy(\.portSecurityEnabled) else {
            throw CloudError.badRequest(
                "Security group \(name) cannot be applied: a port of instance \(id) has port_security_enabled false.")
        }
        try await setGroups(of: ports, on: id, by: caller) { $0.contains(group.id) ? $0 : $0 + [group.id] }
    }

    /// Takes a group from every port of the server.
    package func removeSecurityGroup(_ name: String, from id: ServerID, by caller: Caller) async throws {
        let (group, ports) = try await groupAndPorts(name, id, by: caller)
        let holders = try ports.filter { try $0.securityGroups.value().contains(group.id) }
        guard !holders.isEmpty else {
            throw CloudError(.notFound, "Security group \(name) not associated with the instance \(id)")
        }
        try await setGroups(of: holders, on: id, by: caller) { $0.filter { $0 != group.id } }
    }

    /// The group by id, else by a name that only one of the project's groups has.
    private func groupAndPorts(
        _ name: String, _ id: ServerID, by caller: Caller
    ) async throws -> (SecurityGroup, [Port]) {
        let project = try await server(id, by: caller).projectID
        let own = try await network.groups(by: caller).filter { $0.projectID == project }
        let named = own.filter { $0.name == name }
        guard let group = own.first(where: { $0.id.text == name }) ?? named.first else {
            throw CloudError(.notFound, "Security group \(name) not found.")
        }
        guard group.id.text == name || named.count == 1 else {
            throw CloudError(.conflict, "Multiple security_group matches found for name '\(name)', use an ID.")
        }
        let ports = try await attachments(of: id, by: caller).map(\.port)
        guard !ports.isEmpty else {
            throw CloudError(.notFound, "instance_id \(id) could not be found as device id on any ports")
        }
        return (group, ports)
    }

    /// Port by port; a request that was cut short can be repeated.
    private func setGroups(
        of ports: [Port], on id: ServerID, by caller: Caller,
        _ change: @escaping @Sendable ([SecurityGroupID]) -> [SecurityGroupID]
    ) async throws {
        for port in ports { try await network.setGroups(of: port.id, by: caller, change) }
        try await refreshAddresses(of: [id.text])
    }
}
