package import Model
import Store

extension NetworkingService {
    /// A project's groups; its default one is made on first sight.
    package func securityGroups(by caller: Caller) async throws -> [SecurityGroup] {
        if case .project(let project) = caller.scope { _ = try await defaultGroup(of: project) }
        return try await list(SecurityGroup.self, by: caller)
    }

    package func securityGroup(_ id: SecurityGroupID, by caller: Caller) async throws -> SecurityGroup {
        try await database.read { try own(SecurityGroup.self, id.text, "Security group", \.projectID, caller, $0) }
    }

    package func rules(of group: SecurityGroupID) async throws -> [SecurityGroupRule] {
        try await database.read { try SecurityGroupQueries.rules(of: group, $0) }
    }

    package func rule(_ id: SecurityGroupRuleID, by caller: Caller) async throws -> SecurityGroupRule {
        try await database.read {
            try own(SecurityGroupRule.self, id.text, "Security group rule", \.projectID, caller, $0)
        }
    }

    /// The project's default group, made when it is not there.
    package func defaultGroup(of project: ProjectID) async throws -> SecurityGroup {
        if let found = try await database.read({ try SecurityGroupQueries.default(of: project, $0) }) { return found }
        let now = clock.now()
        return try await database.transaction { try Self.ensureDefaultGroup(of: project, now: now, $0) }
    }

    static func ensureDefaultGroup(
        of project: ProjectID, now: Timestamp, _ db: any Connection
    ) throws -> SecurityGroup {
        if let found = try SecurityGroupQueries.default(of: project, db) { return found }
        let group = SecurityGroup(
            id: .random(), projectID: project, name: "default", description: "Default security group",
            tags: try JSONText([]), createdAt: now, updatedAt: now)
        try take("security_group", for: project, db)
        try db.insert(group)
        try addEgressRules(to: group, now: now, db)
        for family in ["IPv4", "IPv6"] {
            try take("security_group_rule", for: project, db)
            try db.insert(
                SecurityGroupRule(
                    id: .random(), securityGroupID: group.id, projectID: project, direction: "ingress",
                    etherType: family, remoteGroupID: group.id, createdAt: now))
        }
        return group
    }

    private static func addEgressRules(to group: SecurityGroup, now: Timestamp, _ db: any Connection) throws {
        for family in ["IPv4", "IPv6"] {
            try take("security_group_rule", for: group.projectID, db)
            try db.insert(
                SecurityGroupRule(
                    id: .random(), securityGroupID: group.id, projectID: group.projectID, direction: "egress",
                    etherType: family, createdAt: now))
        }
    }

    /// Makes a group that lets everything out and nothing in.
    package func create(_ group: SecurityGroup, by caller: Caller) async throws -> SecurityGroup {
        guard group.name.lowercased() != "default" else {
            throw CloudError(.conflict, "Default security group already exists.")
        }
        let now = clock.now()
        return try await change { db in
            _ = try Self.ensureDefaultGroup(of: group.projectID, now: now, db)
            try Self.take("security_group", for: group.projectID, db)
            try db.insert(group)
            try Self.addEgressRules(to: group, now: now, db)
            return group
        }
    }

    package func update(
        _ id: SecurityGroupID, by caller: Caller, _ edit: @escaping @Sendable (inout SecurityGroup) throws -> Void
    ) async throws -> SecurityGroup {
        let now = clock.now()
        return try await change { db in
            let old = try own(SecurityGroup.self, id.text, "Security group", \.projectID, caller, db)
            var changed = old
            try edit(&changed)
            guard (old.name == "default") == (changed.name == "default") else {
                throw CloudError(.conflict, "The default security group keeps its name, and no other takes it.")
            }
            changed.updatedAt = now
            try db.update(changed)
            return changed
        }
    }

    package func deleteSecurityGroup(_ id: SecurityGroupID, by caller: Caller) async throws {
        try await change { db in
            let group = try own(SecurityGroup.self, id.text, "Security group", \.projectID, caller, db)
            guard group.name != "default" || caller.isAdmin else {
                throw CloudError(.conflict, "Insufficient rights for removing default security group.")
            }
            guard try PortQueries.portCount(carrying: id, db) == 0 else {
                throw CloudError(.conflict, "Security Group \(id) in use.")
            }
            for rule in try SecurityGroupQueries.rules(naming: id, db) {
                try Self.giveBack("security_group_rule", for: rule.projectID, db)
            }
            try db.delete(SecurityGroup.self, key: .id(id))
            try Self.giveBack("security_group", for: group.projectID, db)
        }
    }

    /// All of them, or none.
    package func create(_ rules: [SecurityGroupRule], by caller: Caller) async throws -> [SecurityGroupRule] {
        let checked = try rules.map { try Self.checked($0) }
        return try await change { db in try checked.map { try make($0, by: caller, db) } }
    }

    private func make(_ rule: SecurityGroupRule, by caller: Caller, _ db: any Connection) throws -> SecurityGroupRule {
        let group = try own(
            SecurityGroup.self, rule.securityGroupID.text, "Security group", \.projectID, caller, db)
        if let remote = rule.remoteGroupID {
            _ = try own(SecurityGroup.self, remote.text, "Security group", \.projectID, caller, db)
        }
        if let twin = try SecurityGroupQueries.rules(of: group.id, db).first(where: { Self.same($0, rule) }) {
            throw CloudError(.conflict, "Security group rule already exists. Rule id is \(twin.id).")
        }
        try Self.take("security_group_rule", for: group.projectID, db)
        try db.insert(rule)
        return rule
    }

    package func deleteRule(_ id: SecurityGroupRuleID, by caller: Caller) async throws {
        try await change { db in
            let rule = try own(SecurityGroupRule.self, id.text, "Security group rule", \.projectID, caller, db)
            try db.delete(SecurityGroupRule.self, key: .id(id))
            try Self.giveBack("security_group_rule", for: rule.projectID, db)
        }
    }

    private static func same(_ left: SecurityGroupRule, _ right: SecurityGroupRule) -> Bool {
        left.direction == right.direction && left.etherType == right.etherType && left.transport == right.transport
            && left.portMin == right.portMin && left.portMax == right.portMax
            && left.remotePrefix == right.remotePrefix && left.remoteGroupID == right.remoteGroupID
    }

    /// Protocol names of Neutron's API reference.
    private static let transports: Set<String> = [
        "ah", "dccp", "egp", "esp", "gre", "icmp", "icmpv6", "igmp", "ipip", "ipv6-encap", "ipv6-frag", "ipv6-icmp",
        "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp",
    ]

    /// The rule with its prefix as Neutron keeps it: the address in its usual form, and a length.
    private static func checked(_ rule: SecurityGroupRule) throws -> SecurityGroupRule {
        if let transport = rule.transport {
            let number = Int(transport)
            guard transports.contains(transport) || number.map({ (0...255).contains($0) }) == true else {
                throw CloudError.badRequest("Security group rule protocol '\(transport.prefix(40))' is not supported.")
            }
        }
        try checkPorts(rule)
        guard let prefix = rule.remotePrefix else { return rule }
        guard rule.remoteGroupID == nil else {
            throw CloudError.badRequest("Only remote_ip_prefix or remote_group_id may be provided.")
        }
        guard let cidr = CIDR(prefix), let (address, length) = CIDR.parse(prefix) else {
            throw CloudError.badRequest("Invalid remote_ip_prefix '\(prefix.prefix(64))'.")
        }
        guard (cidr.version == 4) == (rule.etherType == "IPv4") else {
            throw CloudError.badRequest("Conflicting value ethertype \(rule.etherType) for CIDR \(cidr).")
        }
        var kept = rule
        kept.remotePrefix = "\(address)/\(length)"
        return kept
    }

    private static func checkPorts(_ rule: SecurityGroupRule) throws {
        guard rule.portMin != nil || rule.portMax != nil else { return }
        guard let transport = rule.transport else {
            throw CloudError.badRequest("Must also specify protocol if port range is given.")
        }
        let isICMP = ["icmp", "icmpv6", "ipv6-icmp", "1", "58"].contains(transport)
        let limit = isICMP ? 255 : 65535
        for port in [rule.portMin, rule.portMax].compactMap(\.self) where !(0...limit).contains(port) {
            throw CloudError.badRequest("Invalid value for port or ICMP type: \(port) is not from 0 to \(limit).")
        }
        if isICMP { return }
        guard let low = rule.portMin, let high = rule.portMax, low <= high else {
            throw CloudError.badRequest(
                "For TCP/UDP protocols, port_range_min must be <= port_range_max, and both must be given.")
        }
    }
}
