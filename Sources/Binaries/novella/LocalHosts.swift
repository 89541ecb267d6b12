import Agent
import Dataplane
import HostProtocol
import HostStorage
import Hypervisor
import Logging

/// The agents of this process, with whatever runs their servers.
struct LocalHosts: Sendable {
    typealias Line = @Sendable () -> any HostChannel

    let options: HostOptions
    let stateDirectory: String
    let logger: Logger

    /// Registers each host over a line of its own.
    func join(_ line: @escaping Line) async throws -> [Agent] {
        guard options.driver == .simulated else { return [try await libvirt(line())] }
        return try await withThrowingTaskGroup(of: Agent.self) { group in
            for index in 1...options.hosts {
                group.addTask { try await simulated(index, line()) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// The same, for as long as it takes the control plane to answer.
    func joinPatiently(_ line: @escaping Line) async throws -> [Agent] {
        while true {
            do {
                return try await join(line)
            } catch let error as ControlPlaneUnreachable {
                logger.warning("waiting for the control plane", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    static func run(_ agents: [Agent], logger: Logger) async {
        await withTaskGroup(of: Void.self) { group in
            for agent in agents {
                group.addTask {
                    do {
                        try await agent.run()
                    } catch {
                        logger.critical("an agent has stopped", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
    }

    private func simulated(_ index: Int, _ channel: any HostChannel) async throws -> Agent {
        let machine = HostMachine(
            driver: SimulatedDriver(hostname: "sim-\(index)"), storage: SimulatedStorage(),
            dataplane: RecordedDataplane(), bootID: "simulated")
        return try await registered(machine, channel)
    }

    private func libvirt(_ channel: any HostChannel) async throws -> Agent {
        let machine = try await LocalMachine.libvirt(
            stateDirectory: stateDirectory, externalInterface: options.externalInterface, logger: logger,
            metadata: { try await channel.metadata($0) })
        return try await registered(machine, channel)
    }

    private func registered(_ machine: HostMachine, _ channel: any HostChannel) async throws -> Agent {
        let agent = Agent(channel: channel, machine: machine, logger: logger)
        try await agent.register()
        return agent
    }
}
