import CLibvirt
import HostProtocol
import Hypervisor
import Model

/// libvirt's numbers for states and events, in our words.
enum DomainState {
    private static let savedDetail: Int32 = 4

    /// `virDomainState`
    static func power(_ state: Int32) -> GuestPower {
        switch state {
        // Running, blocked on a resource, and on its way down: the power is still on.
        case 1, 2, 4: .running
        // Paused, and suspended by the guest's own power management.
        case 3, 7: .paused
        case 5: .shutdown
        case 6: .crashed
        case NOVELLA_VIRT_STATE_SUSPENDED: .suspended
        default: .unknown
        }
    }

    /// `virDomainShutoffReason`; a crash is a state of its own, or, where QEMU was killed, a reason.
    static func end(_ state: Int32, reason: Int32) -> GuestEnd? {
        switch (state, reason) {
        case (6, _), (5, 3): .crashed
        case (5, 1): .poweredOff
        case (5, 2): .destroyed
        default: nil
        }
    }

    /// `virDomainEventType`, and `virDomainEventStoppedDetailType`; `nil` for what says nothing about power.
    static func power(event: Int32, detail: Int32) -> GuestPower? {
        switch event {
        case 1: .absent
        case 2, 4: .running
        case 3, 7: .paused
        case 5: detail == savedDetail ? .suspended : .shutdown
        case 8: .crashed
        default: nil
        }
    }
}

/// Where libvirt's event thread leaves what it hears.
final class DomainEvents: Sendable {
    let power = Broadcast<PowerEvent>()
    let restarts = Broadcast<ServerID>()
    /// Jobs that have ended, well or not.
    let jobs = Broadcast<ServerID>()
    private let names: DomainNames

    init(names: DomainNames) {
        self.names = names
    }

    /// Listens on a connection for as long as it is open.
    func listen(on handle: LibvirtConnection.Handle) throws(LibvirtError) {
        let context = Unmanaged.passRetained(self).retain().retain().toOpaque()
        try handle.call { error in
            novella_virt_listen(handle.pointer, domainEventHeard, context, domainEventsReleased, &error)
        }
    }

    /// The numbers of `novella_virt_event_fn`.
    private enum Kind {
        static let restart: Int32 = 1
        static let job: Int32 = 2
    }

    fileprivate func heard(name: String, kind: Int32, event: Int32, detail: Int32) {
        guard let server = names.server(of: name) else { return }
        switch kind {
        case Kind.restart: restarts.send(server)
        case Kind.job: jobs.send(server)
        default:
            guard let power = DomainState.power(event: event, detail: detail) else { return }
            self.power.send(PowerEvent(serverID: server, power: power))
        }
    }
}

private func domainEventHeard(
    context: UnsafeMutableRawPointer?, name: UnsafePointer<CChar>?, kind: Int32, event: Int32, detail: Int32
) {
    guard let context, let name else { return }
    Unmanaged<DomainEvents>.fromOpaque(context).takeUnretainedValue()
        .heard(name: String(cString: name), kind: kind, event: event, detail: detail)
}

private func domainEventsReleased(context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<DomainEvents>.fromOpaque(context).release()
}
