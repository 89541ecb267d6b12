package import Model

/// A connection as conntrack knows it, in the direction of its first packet.
package struct Flow: Sendable, Hashable {
    package var transport: Int
    package var source: IPAddress
    package var destination: IPAddress
    package var sourcePort: Int?
    package var destinationPort: Int?
    package var icmpType: Int?
    package var icmpCode: Int?

    package init(
        transport: Int, source: IPAddress, destination: IPAddress, sourcePort: Int? = nil, destinationPort: Int? = nil,
        icmpType: Int? = nil, icmpCode: Int? = nil
    ) {
        self.transport = transport
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.icmpType = icmpType
        self.icmpCode = icmpCode
    }
}

extension FilterRule {
    func matches(_ flow: Flow) -> Bool {
        guard flow.source.version == (isIPv4 ? 4 : 6) else { return false }
        if let transport, transport != flow.transport { return false }
        if let ports, !ports.contains(flow.destinationPort ?? -1) { return false }
        if let icmpType, icmpType != flow.icmpType { return false }
        if let icmpCode, icmpCode != flow.icmpCode { return false }
        let peer = isIngress ? flow.source : flow.destination
        switch remote {
        case .any: return true
        case .prefix(let prefix): return prefix.contains(peer)
        case .members(_, let members): return members.contains(peer)
        }
    }
}

extension PortPolicy {
    func owns(_ address: IPAddress) -> Bool {
        sources.contains { $0.prefixes.contains { $0.contains(address) } }
    }

    fileprivate func allows(_ flow: Flow, ingress: Bool) -> Bool {
        if !isSecured || flow.isHousekeeping { return true }
        return rules.contains { $0.isIngress == ingress && $0.matches(flow) }
    }
}

extension Flow {
    /// DHCP between client and server, which no group can forbid.
    fileprivate var isHousekeeping: Bool {
        guard transport == Transport.udp, let sourcePort, let destinationPort else { return false }
        return [[68, 67], [67, 68], [546, 547], [547, 546]].contains([sourcePort, destinationPort])
    }
}

extension [PortPolicy] {
    /// Whether a connection may go on under these policies, which are those of one network. A connection of an address
    /// that no local port owns is not theirs to judge.
    package func allow(_ flow: Flow) -> Bool {
        let senders = filter { $0.owns(flow.source) }
        let receivers = filter { $0.owns(flow.destination) }
        return (senders.isEmpty || senders.contains { $0.allows(flow, ingress: false) })
            && (receivers.isEmpty || receivers.contains { $0.allows(flow, ingress: true) })
    }
}
