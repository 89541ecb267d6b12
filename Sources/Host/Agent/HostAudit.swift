import Dataplane
package import HostProtocol
import HostStorage
import Hypervisor
import Model

/// Compares one host with what it should be. Reads, and changes nothing.
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
        var lines: [String] = []
        for (id, document) in wanted.sorted(by: { $0.key < $1.key }) {
            let power = guests[id] ?? .absent
            let due = document.power.seen
            if power != due { lines.append("guest: \(id) is \(power.rawValue), should be \(due.rawValue)") }
            if power.isOn {
                let (taps, due) = (try await machine.driver.taps(of: id), Set(document.nics.map { tap($0) }))
                if taps != due { lines.append("guest: \(id) has NICs on \(taps.sorted()), should on \(due.sorted())") }
            }
            if !disks.contains(id) { lines.append("disk: \(id) has none") }
        }
        lines += guests.keys.filter { wanted[$0] == nil }.sorted().map { "guest: \($0) should not be there" }
        lines += disks.filter { wanted[$0] == nil }.sorted().map { "disk: \($0) should have none" }
        return lines + (try await machine.dataplane.differences(from: topology))
    }
}
