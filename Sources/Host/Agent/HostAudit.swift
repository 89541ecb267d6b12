import Dataplane
package import HostProtocol
import HostStorage
import Hypervisor
import Model

/// Compares one host with what it should be, in what its guests' users would feel. Reads, and changes nothing.
package struct HostAudit: Sendable {
    private let machine: HostMachine

    package init(_ machine: HostMachine) {
        self.machine = machine
    }

    private func tap(_ nic: GuestNIC) -> String { machine.dataplane.tapName(of: nic.portID) }

    /// One line a difference; a host that is still at work on a document differs until it is done.
    package func differences(
        from documents: [DesiredServer], _ topology: NetworkTopology
    ) async throws -> [String] {
        let wanted = Dictionary(
            uniqueKeysWithValues: documents.filter { $0.presence == .present }.map { ($0.serverID, $0) })
        let guests = try await machine.driver.list()
        let disks = try await machine.storage.preparedServers()
        let idle = try await machine.dataplane.idleTaps()
        var lines: [String] = []
        for (id, document) in wanted.sorted(by: { $0.key < $1.key }) {
            let power = guests[id] ?? .absent
            let due = document.power.seen
            if power != due { lines.append("guest: \(id) is \(power.rawValue), should be \(due.rawValue)") }
            if power.isOn { lines += try await running(document, idle) }
            if !disks.contains(id) { lines.append("disk: \(id) has none") }
        }
        lines += guests.keys.filter { wanted[$0] == nil }.sorted().map { "guest: \($0) should not be there" }
        lines += disks.filter { wanted[$0] == nil }.sorted().map { "disk: \($0) should have none" }
        return lines + (try await machine.dataplane.differences(from: topology))
    }

    private func running(_ document: DesiredServer, _ idle: Set<String>) async throws -> [String] {
        let id = document.serverID
        let (taps, due) = (try await machine.driver.taps(of: id), Set(document.nics.map { tap($0) }))
        let cutOff = taps.intersection(due).intersection(idle).sorted()
        return (taps == due ? [] : ["guest: \(id) has NICs on \(taps.sorted()), should on \(due.sorted())"])
            + cutOff.map { "nic: \($0) of \(id) has no carrier, should have: the guest is cut off" }
            + (try await machine.driver.diskErrors(of: id)).sorted { $0.key < $1.key }
            .map { "disk: \($0) of \(id) has \($1), and the guest stands still, should run" }
    }
}
