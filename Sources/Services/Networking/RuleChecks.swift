import Model

/// What Neutron asks of a security group rule.
enum RuleChecks {
    /// Whether both let the same through: no prefix is the same as one of every address.
    static func same(_ left: SecurityGroupRule, _ right: SecurityGroupRule) -> Bool {
        left.direction == right.direction && left.etherType == right.etherType && left.transport == right.transport
            && left.portMin == right.portMin && left.portMax == right.portMax
            && narrow(left.remotePrefix) == narrow(right.remotePrefix) && left.remoteGroupID == right.remoteGroupID
    }

    private static func narrow(_ prefix: String?) -> String? {
        prefix == "0.0.0.0/0" || prefix == "::/0" ? nil : prefix
    }

    /// Protocol names of Neutron's API reference.
    private static let transports: Set<String> = [
        "ah", "dccp", "egp", "esp", "gre", "icmp", "icmpv6", "igmp", "ipip", "ipv6-encap", "ipv6-frag", "ipv6-icmp",
        "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp",
    ]
    private static let onlyIPv6: Set<String> = [
        "icmpv6", "ipv6-icmp", "ipv6-encap", "ipv6-frag", "ipv6-nonxt", "ipv6-opts", "ipv6-route",
    ]
    private static let withPorts: Set<String> = [
        "tcp", "udp", "sctp", "dccp", "udplite", "6", "17", "132", "33", "136",
    ]

    /// The rule as it is kept; all ports are no limit.
    static func completed(_ rule: SecurityGroupRule) throws -> SecurityGroupRule {
        try checkTransport(rule)
        try checkRemote(rule)
        var kept = rule
        if let transport = rule.transport, withPorts.contains(transport), rule.portMin == 1, rule.portMax == 65535 {
            kept.portMin = nil
            kept.portMax = nil
        }
        return kept
    }

    private static func checkTransport(_ rule: SecurityGroupRule) throws {
        guard let transport = rule.transport else {
            guard rule.portMin == nil, rule.portMax == nil else {
                throw invalid(
                    "Must also specify protocol if port range is given.", "SecurityGroupProtocolRequiredWithPorts")
            }
            return
        }
        let number = Int(transport)
        guard transports.contains(transport) || number.map({ (0...255).contains($0) }) == true else {
            throw invalid(
                "Security group rule protocol \(transport.prefix(40)) not supported. Only protocol values "
                    + "\(transports.sorted()) and integer representations [0 to 255] are supported.",
                "SecurityGroupRuleInvalidProtocol")
        }
        guard rule.etherType == "IPv6" || !onlyIPv6.contains(transport) else {
            throw invalid(
                "Invalid ethertype \(rule.etherType) for protocol \(transport).",
                "SecurityGroupEthertypeConflictWithProtocol")
        }
        try checkPorts(rule, of: transport)
    }

    private static func checkPorts(_ rule: SecurityGroupRule, of transport: String) throws {
        guard rule.portMin != nil || rule.portMax != nil else { return }
        if ["icmp", "icmpv6", "ipv6-icmp", "1", "58"].contains(transport) {
            for (name, value) in [("type", rule.portMin), ("code", rule.portMax)] {
                guard let value, !(0...255).contains(value) else { continue }
                throw invalid(
                    "Invalid value for ICMP \(name) (\(value)): it is from 0 to 255.", "SecurityGroupInvalidIcmpValue")
            }
            guard rule.portMin != nil else {
                throw invalid(
                    "ICMP code (port-range-max) \(rule.portMax ?? 0) is provided but ICMP type (port-range-min) is "
                        + "missing.", "SecurityGroupMissingIcmpType")
            }
            return
        }
        guard withPorts.contains(transport) else {
            throw invalid(
                "Invalid protocol \(transport) for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.",
                "SecurityGroupInvalidProtocolForPort")
        }
        guard let low = rule.portMin, let high = rule.portMax, low <= high, low > 0 else {
            throw invalid(
                "For TCP/UDP protocols, port_range_min must be <= port_range_max, and both are given, from 1 to 65535.",
                "SecurityGroupInvalidPortRange")
        }
    }

    private static func checkRemote(_ rule: SecurityGroupRule) throws {
        guard let prefix = rule.remotePrefix else { return }
        guard rule.remoteGroupID == nil else {
            throw invalid(
                "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
                "SecurityGroupMultipleRemoteEntites")
        }
        guard let cidr = CIDR(prefix), (cidr.version == 4) == (rule.etherType == "IPv4") else {
            throw invalid(
                "Conflicting value ethertype \(rule.etherType) for CIDR \(prefix.prefix(64))",
                "SecurityGroupRuleParameterConflict")
        }
    }

    private static func invalid(_ message: String, _ type: String) -> CloudError {
        CloudError(.badRequest, message, type: type)
    }
}
