import Agent
import Cloud
import Compute
import Dataplane
import Foundation
import HostLink
import HostProtocol
import HostStorage
import Hummingbird
import Hypervisor
import Logging
import Model
import ServiceLifecycle
import UnixSignals

/// The life of `novella up`: open the state, plant, join the hosts, serve, and stop when told to.
struct CloudProcess: Sendable {
    let options: Up
    let logger: Logger

    private var simulated: Bool { options.driver == .simulated }

    func run() async throws {
        raiseFileLimit()
        var cloudOptions = Cloud.Options(stateDirectory: options.stateDir)
        cloudOptions.retention.seconds = options.keepDays * 86_400
        cloudOptions.retention.deletedServers = options.keepDeleted
        let cloud = try Cloud(cloudOptions, logger: logger)
        let files = ClientFiles(directory: options.stateDir)
        let password = try files.adminPassword()
        try await cloud.prepare()
        let agents = try await joinHosts(cloud)
        try await Seed(cloud, seedOptions(password)).plant()
        let url = "http://\(options.listen):\(options.port)"
        try files.write(url: url, password: password)
        let app = FrontServer(cloud).application(
            address: .hostname(options.listen, port: options.port), isListening: { _ in announce(url, files) },
            logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: app, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: Running { await cloud.run() }),
                    .init(service: Running { await run(agents) }),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    private func announce(_ url: String, _ files: ClientFiles) {
        print("The cloud is up at \(url)")
        print("  . \(files.openrc)")
        print("  export OS_CLIENT_CONFIG_FILE=\(files.cloudsYAML) OS_CLOUD=novella")
        fflush(nil)
    }

    private func seedOptions(_ password: String) -> Seed.Options {
        var seed = Seed.Options(adminPassword: password)
        seed.defaultCIDR = options.defaultCidr ?? (simulated ? "10.20.0.0/16" : "10.20.0.0/24")
        seed.externalCIDR = options.externalCidr
        seed.unlimitedAdmin = simulated
        return seed
    }

    private func joinHosts(_ cloud: Cloud) async throws -> [Agent] {
        if simulated {
            return try await withThrowingTaskGroup(of: Agent.self) { group in
                for index in 1...max(options.hosts, 1) {
                    group.addTask { try await simulatedHost(index, cloud) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        return [try await libvirtHost(cloud)]
    }

    private func simulatedHost(_ index: Int, _ cloud: Cloud) async throws -> Agent {
        let storage = SimulatedStorage()
        let machine = HostMachine(
            driver: SimulatedDriver(hostname: "sim-\(index)"), storage: storage, dataplane: RecordedDataplane(),
            bootID: "simulated")
        let agent = cloud.agent(cloud.channel(), machine: machine)
        let id = try await agent.register()
        cloud.switchboard.connectConsole(of: id) { try await storage.consoleTail($0, maxBytes: $1) }
        return agent
    }

    private func libvirtHost(_ cloud: Cloud) async throws -> Agent {
        let channel = cloud.channel()
        let machine = try await LocalMachine.libvirt(
            stateDirectory: options.stateDir, externalInterface: options.externalInterface, logger: logger,
            metadata: { try await channel.metadata($0) })
        let agent = cloud.agent(channel, machine: machine.host)
        let id = try await agent.register()
        cloud.switchboard.connectConsole(of: id) { try await machine.storage.consoleTail($0, maxBytes: $1) }
        return agent
    }

    private func run(_ agents: [Agent]) async {
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

    /// Ten thousand connections need as many descriptors.
    private func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
            logger.warning("the limit of open files cannot be raised", metadata: ["errno": "\(errno)"])
        }
    }
}

/// A body as a service: it ends when the group shuts down.
private struct Running: Service {
    let body: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await body() }
    }
}
