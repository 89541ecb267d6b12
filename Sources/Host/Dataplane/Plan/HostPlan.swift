import HostProtocol
package import Model

/// What a plan needs to know of the machine, so that planning itself reads nothing.
package struct HostFacts: Sendable, Equatable {
    package var names: DataplaneNames
    /// The conntrack zone of each network, 1...65535, unique on the machine.
    package var zones: [NetworkID: Int]
    /// Name servers the host itself asks, for subnets that name none.
    package var forwarders: [IPAddress]
    /// Whom dnsmasq runs as, by name.
    package var dnsmasqUser: String
    package var dnsmasqGroup: String

    package init(
        names: DataplaneNames, zones: [NetworkID: Int] = [:], forwarders: [IPAddress] = [],
        dnsmasqUser: String = "nobody",
        dnsmasqGroup: String = "nogroup"
    ) {
        self.names = names
        self.zones = zones
        self.forwarders = forwarders
        self.dnsmasqUser = dnsmasqUser
        self.dnsmasqGroup = dnsmasqGroup
    }
}

/// Every kernel object, rule and file that a topology asks for on one host.
package struct HostPlan: Sendable, Equatable {
    package var bridges: [PlannedBridge] = []
    package var taps: [PlannedTap] = []
    package var namespaces: [PlannedNamespace] = []
    package var dhcp: [PlannedDHCP] = []
    package var listeners: [PlannedListener] = []
    package var policies: [PortPolicy] = []
    /// The root namespace's tables: one transaction for `nft -f`.
    package var rules = ""
    /// Neighbours the LAN interface answers ARP for: floating and router gateway addresses.
    package var announced: [String] = []
    package var externalPrefixes: [CIDR] = []
    /// What was left out, in the order of the parts.
    package var troubles: [DataplaneTrouble] = []
}

package struct PlannedBridge: Sendable, Equatable {
    package var name: String
    package var mac: String
    package var mtu: Int
    /// With prefix length; only an external network's bridge has any.
    package var addresses: [String]
}

package struct PlannedTap: Sendable, Equatable {
    package var name: String
    package var bridge: String
    package var mtu: Int
    package var up: Bool
}

package struct PlannedNamespace: Sendable, Equatable {
    package var name: String
    /// Whose it is.
    package var part: DataplaneTrouble.Part
    package var legs: [PlannedLeg]
    package var routes: [PlannedRoute]
    /// Keys with slashes, below /proc/sys.
    package var settings: [String: String]
    /// One transaction for `nft -f` inside the namespace.
    package var rules: String?
    package var floating: [PlannedFloating] = []
}

/// A veth pair: one end plugged in a bridge, the other inside a namespace.
package struct PlannedLeg: Sendable, Equatable {
    package var outside: String
    package var inside: String
    package var bridge: String
    package var mac: String
    package var mtu: Int
    /// With prefix length.
    package var addresses: [String]
}

package struct PlannedRoute: Sendable, Hashable {
    /// `default` or a prefix, as `ip route` prints it.
    package var destination: String
    package var via: String
    package var isIPv4: Bool
}

/// A floating address on a gateway leg, and the fixed one it stands for.
package struct PlannedFloating: Sendable, Hashable, Codable {
    package var leg: String
    package var address: String
    package var fixed: String
}

package struct PlannedListener: Sendable, Equatable {
    package var networkID: NetworkID
    package var namespace: String
    /// Where guests of this network have their addresses; others are refused.
    package var prefixes: [CIDR]
}

/// A port's addresses as `address/length`, with the prefix length of their subnets.
func addressed(_ port: TopologyAddressedPort, in network: TopologyNetwork) throws(PlanError) -> [String] {
    var result: [String] = []
    for address in port.addresses {
        guard let subnet = network.subnets.first(where: { $0.id == address.subnetID }) else {
            throw PlanError("port \(port.portID) has an address in subnet \(address.subnetID), which is not listed")
        }
        result.append("\(try IPAddress(planned: address.address))/\(try CIDR(planned: subnet.cidr).length)")
    }
    return result.sorted()
}
