import ArgumentParser
import Cloud
import Foundation
import HostLink
import Hummingbird
import Logging

/// `novella serve`: the cloud without hosts. Agents of other processes come by a Unix socket.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the cloud in this process and its hosts in others, which `novella agent` starts.",
        discussion: "It needs no privilege. Agents of root and of the same user are let in.")

    @OptionGroup var cloud: CloudOptions
    @OptionGroup var process: ProcessOptions

    @Option(help: "The socket for agents; its folder should be closed to others. Default: host.sock in --state-dir.")
    var hostSocket: String?

    func run() async throws {
        let logger = process.logger
        let path = hostSocket ?? cloud.stateDir + "/host.sock"
        try await CloudProcess(options: cloud, unlimitedAdmin: false, logger: logger).run { cloud in
            let server = HostLinkServer(
                compute: cloud.compute, networking: cloud.networking, image: cloud.image,
                switchboard: cloud.switchboard, identify: HostIdentity.ofProcess(of: [geteuid()]), logger: logger)
            return [
                Application(
                    responder: server.responder(),
                    configuration: .init(address: .unixDomainSocket(path: path), serverName: "novella"),
                    onServerRunning: { _ in
                        if chmod(path, 0o600) != 0 {
                            logger.error("the socket stays open to others", metadata: ["path": "\(path)"])
                        }
                    }, logger: logger)
            ]
        }
    }
}
