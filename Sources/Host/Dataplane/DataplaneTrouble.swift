package import HostProtocol
package import Model

/// A part of a topology that is not as it should be, and why. The rest is made without it.
package struct DataplaneTrouble: Sendable, Hashable, CustomStringConvertible {
    package enum Part: Sendable, Hashable {
        case network(NetworkID)
        case router(RouterID)
        case port(PortID)
    }

    package let part: Part
    package let reason: String

    package init(_ part: Part, _ reason: String) {
        self.part = part
        self.reason = reason
    }

    package var description: String {
        switch part {
        case .network(let id): "network \(id): \(reason)"
        case .router(let id): "router \(id): \(reason)"
        case .port(let id): "port \(id): \(reason)"
        }
    }

    /// Whether a guest with this NIC would be without network: by its port, or by the port's network. A router is no
    /// guest's own.
    package func concerns(_ nic: GuestNIC) -> Bool {
        switch part {
        case .network(let id): id == nic.networkID
        case .port(let id): id == nic.portID
        case .router: false
        }
    }
}
