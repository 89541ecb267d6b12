package import Agent
import Cloud
package import Dataplane
package import HostLink
package import HostProtocol
package import HostStorage
package import Hypervisor
package import Model

/// A host of the simulated cloud with all its parts in a test's hands.
package struct SimulatedHost: Sendable {
    package let id: HostID
    package let driver: SimulatedDriver
    package let storage: SimulatedStorage
    package let dataplane: RecordedDataplane
    package let channel: InProcessChannel
    package let agent: Agent

    /// A host of 64 vCPUs, 256 GiB of memory and 2,000 GiB of disk.
    package static let inventory: @Sendable (Int) -> HostInventory = { inventory($0, memoryMiB: 262_144) }

    package static func inventory(
        _ index: Int, memoryMiB: Int, traits: [String] = ["CUSTOM_SIMULATED"]
    ) -> HostInventory {
        HostInventory(
            hostname: "sim-\(index + 1)", vcpus: 64, memoryMiB: memoryMiB, diskGiB: 2000,
            virtType: "simulated: no guest runs", hypervisorType: "simulated", hypervisorVersion: 1_000_000,
            cpuArchitecture: "x86_64", traits: traits)
    }

    static func join(_ cloud: Cloud, _ inventory: HostInventory) async throws -> SimulatedHost {
        let driver = SimulatedDriver(inventory: inventory)
        let storage = SimulatedStorage(readsContent: true)
        let dataplane = RecordedDataplane(wantsTopology: true)
        let channel = cloud.channel()
        let machine = HostMachine(
            driver: driver, storage: storage, dataplane: dataplane, bootID: "first", graceSeconds: 0.05)
        let agent = cloud.agent(channel, machine: machine)
        let id = try await agent.register()
        return SimulatedHost(
            id: id, driver: driver, storage: storage, dataplane: dataplane, channel: channel, agent: agent)
    }
}
