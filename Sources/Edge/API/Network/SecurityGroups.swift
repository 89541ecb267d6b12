import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/security-groups` and `/security-group-rules`.
struct SecurityGroupsAPI: Sendable {
    struct Row: Sendable {
        var group: SecurityGroup
        var rules: [SecurityGroupRule]
    }

    let networking: NetworkingService

    private let resource = NetworkResource<Row>(
        singular: "security_group", plural: "security_groups",
        comparable: [
            "id": { $0.group.id.text }, "name": { $0.group.name }, "project_id": { $0.group.projectID.text },
            "tenant_id": { $0.group.projectID.text }, "description": { $0.group.description },
        ],
        write: { row, writer in
            let group = row.group
            writer.object { writer in
                writer.field("id", group.id)
                writer.field("name", group.name)
                writer.field("description", group.description)
                writer.field("stateful", group.stateful)
                writer.field("shared", false)
                writer.array("security_group_rules") { writer in
                    for rule in row.rules { SecurityGroupsAPI.write(rule, to: &writer) }
                }
                writer.common(group.projectID, group.tags, created: group.createdAt, updated: group.updatedAt)
            }
        })

    private let ruleResource = NetworkResource<SecurityGroupRule>(
        singular: "security_group_rule", plural: "security_group_rules",
        comparable: [
            "id": { $0.id.text }, "security_group_id": { $0.securityGroupID.text }, "direction": { $0.direction },
            "ethertype": { $0.etherType }, "protocol": { $0.transport ?? "" }, "project_id": { $0.projectID.text },
            "tenant_id": { $0.projectID.text }, "remote_group_id": { $0.remoteGroupID?.text ?? "" },
            "remote_ip_prefix": { $0.remotePrefix ?? "" },
        ],
        write: { write($0, to: &$1) })

    private static func write(_ rule: SecurityGroupRule, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", rule.id)
            writer.field("security_group_id", rule.securityGroupID)
            writer.field("direction", rule.direction)
            writer.field("ethertype", rule.etherType)
            writer.field("protocol", rule.transport)
            writer.field("port_range_min", rule.portMin)
            writer.field("port_range_max", rule.portMax)
            writer.field("remote_ip_prefix", rule.remotePrefix)
            writer.field("remote_group_id", rule.remoteGroupID)
            writer.null("remote_address_group_id")
            writer.field("normalized_cidr", rule.remotePrefix.flatMap { CIDR($0)?.description })
            writer.field("description", rule.description)
            writer.field("belongs_to_default_sg", false)
            writer.field("project_id", rule.projectID)
            writer.field("tenant_id", rule.projectID)
            writer.array("tags") { _ in }
            writer.field("created_at", rule.createdAt.iso8601())
            writer.field("updated_at", rule.createdAt.iso8601())
            writer.field("revision_number", 0)
        }
    }

    var routes: [Route] {
        [
            Route(.get, "/security-groups", .reader) { request in
                let groups = try await networking.securityGroups(by: request.caller)
                let rules = Dictionary(
                    grouping: try await networking.list(SecurityGroupRule.self, by: request.caller),
                    by: \.securityGroupID)
                return try resource.list(groups.map { Row(group: $0, rules: rules[$0.id] ?? []) }, request)
            },
            Route(.get, "/security-groups/{id}", .reader) { request in
                try await render(try await networking.securityGroup(request.id(), by: request.caller))
            },
            Route(.post, "/security-groups", .member, handler: create),
            Route(.put, "/security-groups/{id}", .member, handler: update),
            Route(.delete, "/security-groups/{id}", .member) { request in
                try await networking.deleteSecurityGroup(request.id(), by: request.caller)
                return .noContent
            },
            Route(.get, "/security-group-rules", .reader) { request in
                try ruleResource.list(try await networking.list(SecurityGroupRule.self, by: request.caller), request)
            },
            Route(.get, "/security-group-rules/{id}", .reader) { request in
                try ruleResource.one(try await networking.rule(request.id(), by: request.caller))
            },
            Route(.post, "/security-group-rules", .member, handler: createRule),
            Route(.delete, "/security-group-rules/{id}", .member) { request in
                try await networking.deleteRule(request.id(), by: request.caller)
                return .noContent
            },
        ]
    }

    private func render(_ group: SecurityGroup, _ status: HTTPResponse.Status = .ok) async throws -> APIResponse {
        try resource.one(Row(group: group, rules: try await networking.rules(of: group.id)), status)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.body("security_group")
        let changed = try await networking.update(request.id(), by: request.caller) { (group: inout SecurityGroup) in
            var fields = body
            if let name = try fields.optionalString("name") { group.name = name }
            if let text = try fields.optionalString("description") { group.description = text }
            _ = fields.value("stateful")
            try fields.finish()
        }
        return try await render(changed)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("security_group")
        let now = networking.clock.now()
        let group = SecurityGroup(
            id: .random(), projectID: try request.owner(&fields), name: try fields.string("name"),
            description: try fields.optionalString("description") ?? "",
            stateful: try fields.optionalBool("stateful") ?? true, tags: try JSONText([]), createdAt: now,
            updatedAt: now)
        try fields.finish()
        guard group.stateful else {
            throw CloudError(.notImplemented, "Stateless security groups are not offered.")
        }
        return try await render(try await networking.create(group, by: request.caller), .created)
    }

    private func createRule(_ request: APIRequest) async throws -> APIResponse {
        let (items, isBulk) = try await ruleResource.bodies(request)
        var rules: [SecurityGroupRule] = []
        for item in items {
            var fields = item
            let group: SecurityGroupID = try fields.id("security_group_id")
            let owner = try await networking.securityGroup(group, by: request.caller).projectID
            let rule = SecurityGroupRule(
                id: .random(), securityGroupID: group, projectID: owner,
                description: try fields.optionalString("description") ?? "",
                direction: try fields.word("direction", of: ["ingress", "egress"]) ?? "ingress",
                etherType: try Self.family(&fields), transport: try Self.transport(&fields),
                portMin: try fields.optionalInt("port_range_min"), portMax: try fields.optionalInt("port_range_max"),
                remotePrefix: try Self.prefix(&fields), remoteGroupID: try fields.optionalID("remote_group_id"),
                createdAt: networking.clock.now())
            for known in ["tenant_id", "project_id"] { _ = fields.value(known) }
            try Self.refuseAddressGroup(&fields)
            try fields.finish()
            rules.append(rule)
        }
        return try ruleResource.created(try await networking.create(rules, by: request.caller), isBulk: isBulk)
    }

    private static func family(_ fields: inout Fields) throws -> String {
        guard let text = try fields.optionalString("ethertype") else { return "IPv4" }
        switch text.lowercased() {
        case "ipv4": return "IPv4"
        case "ipv6": return "IPv6"
        default: throw fields.invalid("ethertype", .string(text), "It is not one of ['IPv4', 'IPv6'].")
        }
    }

    private static func transport(_ fields: inout Fields) throws -> String? {
        switch fields.value("protocol") {
        case nil, .null: return nil
        case .integer(let number): return String(number)
        case .string(let text): return ["any", ""].contains(text.lowercased()) ? nil : text.lowercased()
        case .some(let value): throw fields.invalid("protocol", value, "It must be a name or a number.")
        }
    }

    /// Address groups are not offered, and a rule without the one it names would let everybody in.
    private static func refuseAddressGroup(_ fields: inout Fields) throws {
        let name = "remote_address_group_id"
        guard let value = fields.value(name), value != .null else { return }
        throw fields.invalid(name, value, "Address groups are not offered; name a remote_ip_prefix or remote_group_id.")
    }

    private static func prefix(_ fields: inout Fields) throws -> String? {
        try fields.optionalString("remote_ip_prefix", 1...64)
    }
}
