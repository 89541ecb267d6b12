import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/os-security-groups`.
struct ServerSecurityGroupsAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [Route(.get, "/servers/{id}/os-security-groups", .reader, handler: list)]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let (groups, named) = try await compute.securityGroups(of: request.id(), by: request.caller)
        return .json { writer in
            writer.array("security_groups") { writer in
                for one in groups {
                    writer.object { writer in
                        writer.field("id", one.group.id)
                        writer.field("name", one.group.name)
                        writer.field("description", one.group.description)
                        writer.field("tenant_id", one.group.projectID)
                        writer.array("rules") { writer in
                            // Nova's form knows no direction: it shows what is let in.
                            for rule in one.rules where rule.direction == "ingress" {
                                writer.object { Self.write(rule, named, to: &$0) }
                            }
                        }
                    }
                }
            }
        }
    }

    private static func write(
        _ rule: SecurityGroupRule, _ named: [SecurityGroupID: SecurityGroup], to writer: inout JSONWriter
    ) {
        let (low, high) = ports(of: rule)
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
