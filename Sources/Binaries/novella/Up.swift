import ArgumentParser
import Cloud
import Foundation
import Logging

/// `novella up`: the whole cloud in one process, in the foreground.
struct Up: AsyncParsableCommand {
    enum Driver: String, ExpressibleByArgument, CaseIterable {
        case simulated, libvirt
    }

    static let configuration = CommandConfiguration(
        abstract: "Run a whole cloud in this process.",
        discussion: """
            With --driver simulated nothing is needed but this binary: no root, no libvirt. Servers, networks and images
            behave as they would, and no guest runs. With --driver libvirt the machine is the cloud's only host.
            """)

    @Option(help: "What runs servers: simulated or libvirt.")
    var driver: Driver = .libvirt

    @Option(help: "The folder that holds everything the cloud knows.")
    var stateDir: String

    @Option(help: "The port of the API.")
    var port: Int = 8774

    @Option(help: "The address the API listens on.")
    var listen: String = "127.0.0.1"

    @Option(help: "How many hosts the simulated cloud has.")
    var hosts: Int = 100

    @Option(help: "The default network of a new cloud.")
    var defaultCidr: String?

    @Option(help: "The external network of a new cloud, from which floating IPs are taken.")
    var externalCidr: String = "172.24.4.0/24"

    @Option(
        help: "A LAN interface on which this machine answers for floating IPs; otherwise only this host reaches them.")
    var externalInterface: String?

    @Option(help: "For how many days deleted servers and finished operations can be looked up.")
    var keepDays: Double = 30

    @Option(help: "How many deleted servers are kept at most, however young.")
    var keepDeleted: Int = 10_000

    @Option(help: "trace, debug, info, warning or error.")
    var logLevel: String = "info"

    func validate() throws {
        guard keepDays >= 0, keepDeleted >= 0, hosts > 0 else {
            throw ValidationError("--keep-days and --keep-deleted cannot be below 0, and --hosts not below 1.")
        }
    }

    func run() async throws {
        var logger = Logger(label: "novella", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        try await CloudProcess(options: self, logger: logger).run()
    }
}
