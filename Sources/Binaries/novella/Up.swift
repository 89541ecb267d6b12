import ArgumentParser
import Cloud

/// `novella up`: the whole cloud in one process, in the foreground.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a whole cloud in this process.",
        discussion: """
            With --driver simulated nothing is needed but this binary: no root, no libvirt. Servers, networks and images
            behave as they would, and no guest runs. With --driver libvirt the machine is the cloud's only host.
            """)

    @OptionGroup var cloud: CloudOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var process: ProcessOptions

    func run() async throws {
        var options = cloud
        let isSimulated = host.driver == .simulated
        if isSimulated { options.defaultCidr = cloud.defaultCidr ?? "10.20.0.0/16" }
        let cloudProcess = CloudProcess(options: options, unlimitedAdmin: isSimulated, logger: process.logger)
        let local = LocalHosts(options: host, stateDirectory: cloud.stateDir, logger: process.logger)
        try await cloudProcess.run { cloud in
            let agents = try await local.join { cloud.channel() }
            return [Running { await LocalHosts.run(agents, logger: process.logger) }]
        }
    }
}
