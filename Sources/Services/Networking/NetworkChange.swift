package import Model
import Store
import Synchronization

/// What a transaction changes of what hosts have of the network: it is named where it is written, gets new generations
/// in the same commit, and is told after it.
package struct NetworkChange: Sendable {
    private var touched: Set<NetworkPart> = []
    private var deleted: Set<NetworkPart> = []
    /// Names of the hosts that ports are bound to, or were.
    package private(set) var hosts: Set<String> = []

    package init() {}

    package var parts: Set<NetworkPart> { touched.union(deleted) }
    package var isEmpty: Bool { touched.isEmpty && deleted.isEmpty && hosts.isEmpty }

    /// Together with what another transaction has changed.
    package mutating func add(_ other: NetworkChange) {
        touched.formUnion(other.touched)
        deleted.formUnion(other.deleted)
        hosts.formUnion(other.hosts)
    }

    /// What hosts have of it is another.
    mutating func part(_ part: NetworkPart) {
        touched.insert(part)
    }

    /// These are no more.
    mutating func gone(_ parts: NetworkPart...) {
        deleted.formUnion(parts)
    }

    /// A port that was or is; `nil` before it is made and after it is deleted. What hosts do not see, such as a name,
    /// is no change.
    mutating func port(from old: Port?, to new: Port?) throws {
        guard old.map(SeenPort.init) != new.map(SeenPort.init) else { return }
        let both = [old, new].compactMap(\.self)
        for port in both {
            switch port.deviceOwner {
            case "network:router_gateway": part(.router(RouterID(port.deviceID)))
            case "network:router_interface":
                part(.router(RouterID(port.deviceID)))
                // Whoever has the network is to have the router, or no longer.
                part(.network(port.networkID))
            case "network:dhcp": part(.network(port.networkID))
            case let owner where owner.hasPrefix("compute:"): part(.network(port.networkID))
            default: break
            }
            if !port.bindingHost.isEmpty { hosts.insert(port.bindingHost) }
        }
        guard old?.fixedIPs != new?.fixedIPs || old?.securityGroups != new?.securityGroups else { return }
        for port in both {
            for group in try port.securityGroups.value() { part(.members(group)) }
        }
    }

    /// Gives what was touched new generations.
    func write(_ db: any Connection) throws {
        try NetworkGenerationQueries.renew(touched.subtracting(deleted), db)
        try NetworkGenerationQueries.forget(deleted, db)
    }
}

/// As much of a port as any host goes by; texts as they are, for a boot makes this thrice.
private struct SeenPort: Equatable {
    let texts: [String]
    let flags: [Bool]

    init(_ port: Port) {
        texts = [
            port.macAddress, port.fixedIPs.raw, port.deviceID, port.deviceOwner, port.securityGroups.raw,
            port.allowedAddressPairs.raw, port.bindingHost, port.dnsName,
        ]
        flags = [port.adminStateUp, port.portSecurityEnabled]
    }
}

/// What is committed and not told yet.
package final class UntoldChange: Sendable {
    private let state = Mutex(NetworkChange())

    package init() {}

    package func add(_ change: NetworkChange) {
        state.withLock { $0.add(change) }
    }

    package func take() -> NetworkChange {
        state.withLock { state in
            defer { state = NetworkChange() }
            return state
        }
    }
}
