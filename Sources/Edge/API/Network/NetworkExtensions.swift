import APIKit
import HTTPTypes
import Model
import Wire

/// `/extensions`: what this service can do, by Neutron's aliases and names.
struct NetworkExtensionsAPI: Sendable {
    private static let all: [(alias: String, name: String)] = [
        ("address-scope", "Address scope"),
        ("agent", "agent"),
        ("allowed-address-pairs", "Allowed Address Pairs"),
        ("availability_zone", "Availability Zone"),
        ("binding", "Port Binding"),
        ("default-subnetpools", "Default Subnetpools"),
        ("dns-integration", "DNS Integration"),
        ("empty-string-filtering", "Empty String Filtering Extension"),
        ("ext-gw-mode", "Neutron L3 Configurable external gateway mode"),
        ("external-net", "Neutron external network"),
        ("extraroute", "Neutron Extra Route"),
        ("filter-validation", "Filter parameters validation"),
        ("fip-port-details", "Floating IP Port Details Extension"),
        ("ip-substring-filtering", "IP address substring filtering"),
        ("net-mtu", "Network MTU"),
        ("net-mtu-writable", "Network MTU (writable)"),
        ("network_availability_zone", "Network Availability Zone"),
        ("pagination", "Pagination support"),
        ("port-security", "Port Security"),
        ("port-security-groups-filtering", "Port filtering on security groups"),
        ("project-id", "project_id field enabled"),
        ("provider", "Provider Network"),
        ("quota_details", "Quota details management support"),
        ("quotas", "Quota management support"),
        ("router", "Neutron L3 Router"),
        ("router_availability_zone", "Router Availability Zone"),
        ("security-group", "security-group"),
        ("security-groups-normalized-cidr", "Normalized CIDR field for security group rules"),
        (
            "security-groups-rules-belongs-to-default-sg",
            "Security group rule belongs to the project's default security group"
        ),
        ("security-groups-shared-filtering", "Security group filtering on the shared field"),
        ("sort-key-validation", "Sort key validation"),
        ("sorting", "Sorting support"),
        ("standard-attr-description", "standard-attr-description"),
        ("standard-attr-revisions", "Resource revision numbers"),
        (
            "standard-attr-tag",
            "Tag support for resources with standard attribute: "
                + "floatingip, network, port, router, security_group, security_group_rule, subnet, subnetpool"
        ),
        ("standard-attr-timestamp", "Resource timestamps"),
        ("subnet_allocation", "Subnet Allocation"),
        ("subnet-external-network", "Subnet belongs to an external network"),
        ("subnetpool-prefix-ops", "Subnet Pool Prefix Operations"),
        ("tag-creation", "Tag creation extension"),
        ("tag-ports-during-bulk-creation", "Tag Ports During Bulk Creation"),
    ]

    var routes: [Route] {
        [
            Route(.get, "/extensions", .authenticated) { _ in
                .json { writer in
                    writer.array("extensions") { writer in
                        for found in Self.all { Self.write(found, to: &writer) }
                    }
                }
            },
            Route(.get, "/extensions/{alias}", .authenticated) { request in
                let alias = request.parameter("alias")
                guard let found = Self.all.first(where: { $0.alias == alias }) else {
                    throw CloudError(
                        .notFound, "Extension with alias \(alias.prefix(64)) does not exist", type: "HTTPNotFound")
                }
                return .json { writer in
                    writer.key("extension")
                    Self.write(found, to: &writer)
                }
            },
        ]
    }

    private static func write(_ found: (alias: String, name: String), to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("alias", found.alias)
            writer.field("name", found.name)
            writer.field("description", found.name)
            writer.field("updated", "2026-01-01T00:00:00-00:00")
            writer.array("links") { _ in }
        }
    }
}
