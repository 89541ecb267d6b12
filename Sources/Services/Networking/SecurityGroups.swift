import HostProtocol
package import Model
import Store

extension NetworkingService {
    /// A project's groups; its default one is made on first sight.
    package func securityGroups(by caller: Caller) async throws -> [SecurityGroup] {
        try await prepareGroups(of: caller)
        return try await records(SecurityGroup.self, by: caller)
    }

    package func rules(of group: SecurityGroupID) async throws -> [SecurityGroupRule] {
        try await database.read { try SecurityGroupQueries.rules(of: group, $0) }
    }

    /// Makes the default group of the caller's project if it is not there.
    package func prepareGroups(of caller: Caller) async throws {
        if case .project(let project) = caller.scope { _ = try await defaultGroup(of: project) }
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

    /// Makes groups that let everything out and nothing in; all of them, or none.
    package func create(_ groups: [SecurityGroup], by caller: Caller) async throws -> [SecurityGroup] {
        guard groups.allSatisfy({ $0.name.lowercased() != "default" }) else {
            throw CloudError(
                .conflict, "Default security group already exists.", type: "SecurityGroupDefaultAlreadyExists")
        }
        let now = clock.now()
        return try await change { db, _ in
            for group in groups {
                _ = try Self.ensureDefaultGroup(of: group.projectID, now: now, db)
                try Self.take("security_group", for: group.projectID, db)
                try db.insert(group)
                try Self.addEgressRules(to: group, now: now, db)
            }
            return groups
        }
    }

    @discardableResult
    package func update(
        _ id: SecurityGroupID, by caller: Caller, _ edit: @escaping @Sendable (inout SecurityGroup) throws -> Void
    ) async throws -> SecurityGroup {
        let now = clock.now()
        return try await change { db, _ in
            let old = try own(SecurityGroup.self, id, caller, db)
            var changed = old
            try edit(&changed)
            guard (old.name == "default") == (changed.name == "default") else {
                throw CloudError(
                    .conflict, "Updating default security group not allowed: it keeps its name, and no other takes it.",
                    type: "SecurityGroupCannotUpdateDefault")
            }
            changed.revise(at: now)
            try db.update(changed)
            return changed
        }
    }

    package func deleteSecurityGroup(_ id: SecurityGroupID, by caller: Caller) async throws {
        try await change { db, touch in
            let group = try own(SecurityGroup.self, id, caller, db)
            guard group.name != "default" || caller.isAdmin else {
                throw CloudError(
                    .conflict, "Insufficient rights for removing default security group.",
                    type: "SecurityGroupCannotRemoveDefault")
            }
            guard try PortQueries.portCount(carrying: id, db) == 0 else {
                throw CloudError(.conflict, "Security Group \(id) in use.", type: "SecurityGroupInUse")
            }
            for rule in try SecurityGroupQueries.rules(naming: id, db) {
                try Self.giveBack("security_group_rule", for: rule.projectID, db)
                touch.part(.rules(rule.securityGroupID))
            }
            try db.delete(SecurityGroup.self, key: .id(id))
            touch.gone(.rules(id), .members(id))
            try Self.giveBack("security_group", for: group.projectID, db)
        }
    }

    /// All of them, or none. A rule without a project is its group's.
    package func create(_ rules: [SecurityGroupRule], by caller: Caller) async throws -> [SecurityGroupRule] {
        let checked = try rules.map { try RuleChecks.completed($0) }
        return try await change { db, touch in try checked.map { try make($0, by: caller, &touch, db) } }
    }

    package func update(
        _ id: SecurityGroupRuleID, by caller: Caller,
        _ edit: @escaping @Sendable (inout SecurityGroupRule) throws -> Void
    ) async throws {
        let now = clock.now()
        try await change { db, touch in
            let old = try own(SecurityGroupRule.self, id, caller, db)
            var rule = old
            try edit(&rule)
            if TopologySecurityGroup.Rule(rule) != TopologySecurityGroup.Rule(old) {
                touch.part(.rules(rule.securityGroupID))
            }
            rule.revise(at: now)
            try db.update(rule)
        }
    }

    private func make(
        _ rule: SecurityGroupRule, by caller: Caller, _ touch: inout NetworkChange, _ db: any Connection
    ) throws -> SecurityGroupRule {
        let group = try own(SecurityGroup.self, rule.securityGroupID, caller, db)
        var rule = rule
        if rule.projectID.text.isEmpty { rule.projectID = group.projectID }
        guard rule.projectID == group.projectID else {
            throw CloudError(
                .badRequest,
                "Security group \(group.id) is of project \(group.projectID), and so are its rules, not of "
                    + "\(rule.projectID).", type: "BadRequest")
        }
        if let remote = rule.remoteGroupID {
            _ = try own(SecurityGroup.self, remote, caller, db)
        }
        if let twin = try SecurityGroupQueries.rules(of: group.id, db).first(where: { RuleChecks.same($0, rule) }) {
            throw CloudError(
                .conflict, "Security group rule already exists. Rule id is \(twin.id).",
                type: "SecurityGroupRuleExists")
        }
        try Self.take("security_group_rule", for: group.projectID, db)
        try db.insert(rule)
        touch.part(.rules(group.id))
        return rule
    }

    package func deleteRule(_ id: SecurityGroupRuleID, by caller: Caller) async throws {
        try await change { db, touch in
            let rule = try own(SecurityGroupRule.self, id, caller, db)
            try db.delete(SecurityGroupRule.self, key: .id(id))
            touch.part(.rules(rule.securityGroupID))
            try Self.giveBack("security_group_rule", for: rule.projectID, db)
        }
    }
}
