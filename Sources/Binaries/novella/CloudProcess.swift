import Cloud
import Foundation
import Hummingbird
import Logging
import Model
import ServiceLifecycle
import UnixSignals

/// The life of a cloud's process: open the state, join the hosts, plant, serve, and stop when told to.
struct CloudProcess: Sendable {
    let options: CloudOptions
    /// Whether the admin project has no quotas.
    let unlimitedAdmin: Bool
    let logger: Logger

    /// - Parameter joinHosts: makes what runs beside the API and connects hosts.
    func run(_ joinHosts: (Cloud) async throws -> [any Service]) async throws {
        OpenFiles.raiseLimit(logger: logger)
        let cloud = try Cloud(try options.cloud, logger: logger)
        let files = ClientFiles(directory: options.stateDir)
        let password = try files.adminPassword()
        try await cloud.prepare()
        let hosts = try await joinHosts(cloud)
        try await Seed(cloud, seedOptions(password)).plant()
        let url = options.publicUrl ?? ClientFiles.url(listen: options.listen, port: options.port)
        try files.write(url: url, password: password)
        let app = FrontServer(cloud).application(
            address: .hostname(options.listen, port: options.port), isListening: { _ in announce(url, files) },
            logger: logger)
        let services: [any Service] = [Running { await cloud.run() }] + hosts
        // A server that is cancelled while it accepts a connection traps, so the failure of one part shuts all down.
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: app, successTerminationBehavior: .gracefullyShutdownGroup)]
                + services.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // A client that sends slowly must not keep it for longer.
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func announce(_ url: String, _ files: ClientFiles) {
        print("The cloud is up at \(url)")
        print("  . \(files.openrc)")
        print("  export OS_CLIENT_CONFIG_FILE=\(files.cloudsYAML) OS_CLOUD=novella")
        fflush(nil)
    }

    private func seedOptions(_ password: String) -> Seed.Options {
        var seed = Seed.Options(adminPassword: password)
        if let cidr = options.defaultCidr { seed.defaultCIDR = cidr }
        seed.externalCIDR = options.externalCidr
        seed.unlimitedAdmin = unlimitedAdmin
        return seed
    }
}

/// A body as a service: it ends when the group shuts down.
struct Running: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await body() }
    }
}
