import Model
import Wire

/// A security group in Nova's form, which knows no direction of rules: it shows what is let in.
struct SecurityGroupForm {
    /// By id, the groups that rules speak of.
    let named: [SecurityGroupID: SecurityGroup]

    init(_ groups: [SecurityGroup]) {
        named = Dictionary(groups.map { ($0.id, $0) }) { first, _ in first }
    }

    func write(_ group: SecurityGroup, _ rules: [SecurityGroupRule], to writer: inout JSONWriter) {
        writer.field("id", group.id)
        writer.field("name", group.name)
        writer.field("description", group.description)
        writer.field("tenant_id", group.projectID)
        writer.array("rules") { writer in
            for rule in rules where rule.direction == "ingress" && isShown(rule) {
                writer.object { write(rule, to: &$0) }
            }
        }
    }

    /// A rule that speaks of a group which the reader does not see is left out, as in Nova.
    private func isShown(_ rule: SecurityGroupRule) -> Bool {
        rule.remoteGroupID.map { named[$0] != nil } ?? true
    }

    func write(_ rule: SecurityGroupRule, to writer: inout JSONWriter) {
        let (low, high) = Self.ports(of: rule)
        writer.field("id", rule.id)
        writer.field("parent_group_id", rule.securityGroupID)
        writer.field("ip_protocol", rule.transport)
        writer.field("from_port", low)
        writer.field("to_port", high)
        writer.object("group") { writer in
            guard let id = rule.remoteGroupID, let group = named[id] else { return }
            writer.field("name", group.name)
            writer.field("tenant_id", group.projectID)
        }
        writer.object("ip_range") { writer in
            guard rule.remoteGroupID == nil else { return }
            writer.field("cidr", rule.remotePrefix ?? (rule.etherType == "IPv6" ? "::/0" : "0.0.0.0/0"))
        }
    }

    /// What Nova shows of a rule without a port range: all ports of TCP and UDP, and -1 for any other protocol.
    private static func ports(of rule: SecurityGroupRule) -> (Int?, Int?) {
        guard let transport = rule.transport, rule.portMin == nil, rule.portMax == nil else {
            return (rule.portMin, rule.portMax)
        }
        return ["tcp", "udp"].contains(transport) ? (1, 65_535) : (-1, -1)
    }
}
