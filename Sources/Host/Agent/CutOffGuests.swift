import Dataplane
import HostProtocol
import Hypervisor
import Model

extension HostMachine {
    /// Running guests with a NIC whose tap is there and leads nowhere, and those taps: somebody deleted the tap that
    /// the guest held, and one of the same name was made since.
    func cutOffGuests() async throws -> [ServerID: Set<String>] {
        guard dataplane.wantsTopology else { return [:] }
        let idle = try await dataplane.idleTaps()
        if idle.isEmpty { return [:] }
        var found: [ServerID: Set<String>] = [:]
        for (id, power) in try await driver.list() where power == .running {
            let taps = try await driver.taps(of: id).intersection(idle)
            if !taps.isEmpty { found[id] = taps }
        }
        return found
    }
}
