import APIKit
import Attributes
import Model
import Networking

/// `/security-groups` and `/security-group-rules`.
struct SecurityGroupsAPI: Sendable {
    let networking: NetworkingService

    var routes: [Route] { groupRoutes + ruleRoutes }

    private func prepare(_ request: APIRequest) async throws {
        try await networking.prepareGroups(of: request.caller)
    }

    private var groupRoutes: [Route] {
        let resource = NetworkResource(
            table: SecurityGroupAttributes.table, networking: networking, path: "security-groups", prepare: prepare)
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let groups = try wishes.map { wish in
                    var group = SecurityGroup(
                        id: .random(), projectID: try request.owner(wish), name: "", tags: try JSONText([]),
                        createdAt: now, updatedAt: now)
                    try wish.apply(to: &group)
                    return group
                }
                return try await networking.create(groups, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(SecurityGroupID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in
                try await networking.deleteSecurityGroup(SecurityGroupID(id), by: request.caller)
            }
        ) + resource.tagRoutes(SecurityGroup.self)
    }

    private var ruleRoutes: [Route] {
        let resource = NetworkResource(
            table: SecurityGroupRuleAttributes.table, networking: networking, path: "security-group-rules",
            prepare: prepare)
        return resource.routes(
            create: { wishes, request in
                let now = networking.clock.now()
                let rules = try wishes.map { wish in
                    // The rule is its group's project's, whatever project asks.
                    let owner = wish["project_id"] ?? wish["tenant_id"]
                    var rule = SecurityGroupRule(
                        id: .random(), securityGroupID: SecurityGroupID(""),
                        projectID: owner == nil ? ProjectID("") : try request.owner(wish),
                        direction: "", etherType: "IPv4", createdAt: now)
                    try wish.apply(to: &rule)
                    return rule
                }
                return try await networking.create(rules, by: request.caller).map(\.id.text)
            },
            update: { id, wishes, request in
                try await networking.update(SecurityGroupRuleID(id), by: request.caller) { try wishes.apply(to: &$0) }
            },
            delete: { id, request in try await networking.deleteRule(SecurityGroupRuleID(id), by: request.caller) }
        ) + resource.tagRoutes(SecurityGroupRule.self)
    }
}
