import ArgumentParser
import HostLink
import HostProtocol
import Logging
import Model
import ServiceLifecycle
import UnixSignals

/// `novella agent`: this machine as a host of a cloud that `novella serve` runs.
struct RunAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Make this machine a host of the cloud that `novella serve` runs.",
        discussion: """
            With --driver libvirt it needs root. When it ends, guests, DHCP and rules stay; its next start adopts them.
            """)

    @Option(help: "The folder whose 'host' holds disks and images; other clouds of this machine have another.")
    var stateDir: String

    @Option(help: "The socket on which the cloud listens. Default: host.sock in --state-dir.")
    var hostSocket: String?

    @OptionGroup var host: HostOptions
    @OptionGroup var process: ProcessOptions

    func run() async throws {
        let logger = process.logger
        let client = try HostLinkClient(socketPath: hostSocket ?? stateDir + "/host.sock")
        let local = LocalHosts(options: host, stateDirectory: stateDir, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: Running {
                            do {
                                let agents = try await local.joinPatiently { RemoteChannel(client, logger: logger) }
                                await LocalHosts.run(agents, logger: logger)
                            } catch {
                                if Task.isCancelled { return }
                                throw error
                            }
                        })
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }
}
