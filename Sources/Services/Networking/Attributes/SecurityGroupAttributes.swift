package import Attributes
package import Model
import Store
import Wire

package enum SecurityGroupAttributes {
    package static let table = AttributeTable<SecurityGroup>(
        "security_group", "security_groups", table: "security_groups", wording: .network,
        StandardAttributes.identity { $0.projectID = $1 } + own
            + StandardAttributes.history { $0.tags = try JSONText($1.texts) })

    private static let own: [Attribute<SecurityGroup>] = [
        StandardAttributes.name { $0.name = $1.text },
        StandardAttributes.description { $0.description = $1.text },
        Attribute(
            "stateful",
            .checked(.boolean) { value throws(AttributeFault) in
                guard value.flag else { throw AttributeFault("security groups of this cloud are stateful") }
                return value
            }, .column("stateful"), create: .anyone, change: .anyone, default: true, filter: .equal
        ) { $0.stateful = $1.flag },
        Attribute("shared", .boolean, .column("0"), filter: .equal),
        Attribute("security_group_rules", .list(of: .object), .lookup(otherwise: "[]", rules)),
    ]

    @Sendable
    private static func rules(_ ids: [String], _ db: any Connection) throws -> [String: String] {
        var query = ListQuery()
        query.order = [.init("security_group_id"), .init("created_at")]
        var found: [String: String] = [:]
        for id in ids {
            query.conditions = [SQLCondition("security_group_id = ?", [.text(id)])]
            var writer = JSONWriter(reserving: 4096)
            try writer.array {
                _ = try SecurityGroupRuleAttributes.table.list(
                    query, for: Viewer(project: nil, isAdmin: false), into: &$0, db)
            }
            found[id] = String(decoding: writer.bytes, as: UTF8.self)
        }
        return found
    }
}

package enum SecurityGroupRuleAttributes {
    package static let table = AttributeTable<SecurityGroupRule>(
        "security_group_rule", "security_group_rules", table: "security_group_rules", wording: .network,
        StandardAttributes.identity { $0.projectID = $1 } + own
            + StandardAttributes.history { $0.tags = try JSONText($1.texts) })

    private static let own: [Attribute<SecurityGroupRule>] = [
        StandardAttributes.description { $0.description = $1.text },
        Attribute(
            "security_group_id", .text(1...255), .column("security_group_id"), create: .anyone, required: true,
            filter: .equal, sorts: true
        ) { $0.securityGroupID = SecurityGroupID($1.text) },
        Attribute(
            "remote_group_id", .text(0...255), .column("remote_group_id"), create: .anyone, null: .none,
            filter: .equal, sorts: true
        ) { $0.remoteGroupID = $1.text.isEmpty ? nil : SecurityGroupID($1.text) },
        Attribute(
            "direction", .word(["ingress", "egress"]), .column("direction"), create: .anyone, required: true,
            filter: .equal, sorts: true
        ) { $0.direction = $1.text },
        Attribute(
            "ethertype", family, .column("ether_type"), create: .anyone, default: "IPv4", null: .same(as: "IPv4"),
            filter: .equal, sorts: true
        ) { $0.etherType = $1.text },
        Attribute(
            "protocol", .protocolName, .column("transport"), create: .anyone, null: .none, filter: .equal, sorts: true
        ) { $0.transport = $1.text.isEmpty ? nil : $1.text },
        Attribute(
            "port_range_min", .ruleNumber, .column("port_min"), create: .anyone, null: .none, filter: .equal,
            sorts: true
        ) { $0.portMin = $1.number },
        Attribute(
            "port_range_max", .ruleNumber, .column("port_max"), create: .anyone, null: .none, filter: .equal,
            sorts: true
        ) { $0.portMax = $1.number },
        Attribute(
            "remote_ip_prefix", .prefix, .column("remote_prefix"), create: .anyone, null: .none, filter: .equal,
            sorts: true
        ) { $0.remotePrefix = $1.text.isEmpty ? nil : $1.text },
        Attribute(
            "remote_address_group_id",
            .checked(.text(0...255)) { value throws(AttributeFault) in
                throw AttributeFault(
                    "address group \(value.text) could not be found; name a remote_ip_prefix or remote_group_id")
            }, .constant("null"), create: .anyone, null: .absent),
        Attribute(
            "normalized_cidr", .text(0...64),
            .derived("remote_prefix") { CIDR($0)?.description }),
        Attribute(
            "belongs_to_default_sg", .boolean,
            .column(
                """
                (SELECT CASE WHEN name = 'default' THEN 1 ELSE 0 END FROM security_groups
                WHERE security_groups.id = security_group_id)
                """), filter: .equal),
    ]

    private static let family = AttributeType.checked(.text(0...16)) { value throws(AttributeFault) in
        switch value.text.lowercased() {
        case "ipv4": return "IPv4"
        case "ipv6": return "IPv6"
        default:
            throw AttributeFault(
                "Security group rule for ethertype '\(value.text)' not supported. Allowed values are "
                    + "['IPv4', 'IPv6']")
        }
    }
}

extension AttributeType {
    /// Nova and the client write numbers as texts, and any of them as `any` or nothing.
    fileprivate static let protocolName = AttributeType.anyOf { value throws(AttributeFault) in
        switch value {
        case .integer(let number): return .string(String(number))
        case .string(let text): return .string(["any", ""].contains(text.lowercased()) ? "" : text.lowercased())
        default: throw AttributeFault("\(value.brief) is not a protocol")
        }
    }

    fileprivate static let ruleNumber = AttributeType.number { value throws(AttributeFault) in
        let number: Int? =
            switch value {
            case .integer(let found): found
            case .string(let text): Int(text)
            default: nil
            }
        guard let number, (0...65535).contains(number) else {
            throw AttributeFault("Invalid value for port \(value.brief.filter { $0 != "'" })")
        }
        return .integer(number)
    }

    /// The address in its usual form, and a length; empty for every address.
    fileprivate static let prefix = AttributeType.checked(.text(0...64)) { value throws(AttributeFault) in
        if value.text.isEmpty { return value }
        guard let (address, length) = CIDR.parse(value.text) else {
            throw AttributeFault("CIDR \(value.text) given as IP prefix is invalid")
        }
        return .string("\(address)/\(length)")
    }
}
