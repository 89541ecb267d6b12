import ArgumentParser
import Cloud
import Compute
import Logging
import Model

/// What `up` and `serve` have in common: the cloud, apart from its hosts.
struct CloudOptions: ParsableArguments {
    @Option(help: "The folder that holds everything the cloud knows.")
    var stateDir: String

    @Option(help: "The port of the API.")
    var port: Int = 8774

    @Option(help: "The address the API listens on.")
    var listen: String = "127.0.0.1"

    @Option(help: "Where clients reach the API when a proxy stands before it, such as https://cloud.example.org.")
    var publicUrl: String?

    @Option(help: "The default network of a new cloud.")
    var defaultCidr: String?

    @Option(help: "The external network of a new cloud, from which floating IPs are taken.")
    var externalCidr: String = "172.24.4.0/24"

    @Option(help: "For how many days deleted servers and finished operations can be looked up.")
    var keepDays: Double = 30

    @Option(help: "How many deleted servers are kept at most, however young.")
    var keepDeleted: Int = 10_000

    @Option(help: "After how many seconds a resize that nobody has decided is confirmed; 0 never.")
    var resizeConfirmSeconds: Double = 0

    @Option(help: "After how many seconds a shelved server leaves its host; 0 at once, -1 never.")
    var shelvedOffloadSeconds: Double = 0

    @Option(help: "For how many seconds a deleted server can be restored; 0 not at all.")
    var reclaimDeleteSeconds: Double = 0

    @Option(help: "A file of lines '\"rule\": \"check\"': who passes a rule of Nova's, instead of its default.")
    var policyFile: String?

    func validate() throws {
        guard (0...Double(Int32.max)).contains(resizeConfirmSeconds) else {
            throw ValidationError(
                "--resize-confirm-seconds is \(resizeConfirmSeconds); it can be 0 to \(Int32.max).")
        }
        guard (-1...Double(Int32.max)).contains(shelvedOffloadSeconds) else {
            throw ValidationError(
                "--shelved-offload-seconds is \(shelvedOffloadSeconds); it can be -1 to \(Int32.max).")
        }
        guard (0...Double(Int32.max)).contains(reclaimDeleteSeconds) else {
            throw ValidationError("--reclaim-delete-seconds is \(reclaimDeleteSeconds); it can be 0 to \(Int32.max).")
        }
        guard (1...65_535).contains(port) else {
            throw ValidationError("--port is \(port); it can be 1 to 65535.")
        }
        try Self.check("--keep-days or --keep-deleted") { _ = try retention }
        if let publicUrl { try Self.check("--public-url") { try PublicURL.check(publicUrl) } }
    }

    private static func check(_ option: String, _ check: () throws -> Void) throws {
        do {
            try check()
        } catch let error as CloudError {
            throw ValidationError("\(option): \(error.message)")
        }
    }

    private var retention: Retention {
        get throws { try Retention(days: keepDays, deletedServers: keepDeleted) }
    }

    var cloud: Cloud.Options {
        get throws {
            var options = Cloud.Options(stateDirectory: stateDir)
            options.retention = try retention
            options.publicURL = publicUrl
            options.policyFile = policyFile
            options.resizeConfirmSeconds = resizeConfirmSeconds > 0 ? resizeConfirmSeconds : nil
            options.setAside.offload = shelvedOffloadSeconds < 0 ? nil : shelvedOffloadSeconds
            options.setAside.reclaim = reclaimDeleteSeconds > 0 ? reclaimDeleteSeconds : nil
            return options
        }
    }
}

/// What `up` and `agent` have in common: the hosts of this machine.
struct HostOptions: ParsableArguments {
    enum Driver: String, ExpressibleByArgument, CaseIterable {
        case simulated, libvirt
    }

    @Option(help: "What runs servers: simulated or libvirt.")
    var driver: Driver = .libvirt

    @Option(help: "How many hosts the simulated cloud has.")
    var hosts: Int = 100

    @Option(
        help: "A LAN interface on which this machine answers for floating IPs; otherwise only this host reaches them.")
    var externalInterface: String?

    func validate() throws {
        guard (1...100_000).contains(hosts) else {
            throw ValidationError("--hosts is \(hosts); it can be 1 to 100000.")
        }
    }
}

/// What all processes that stay have in common.
struct ProcessOptions: ParsableArguments {
    /// Taken out of the arguments before they are parsed (`ConfigurationFile`); it stands here for --help.
    @Option(help: "A file of options: each line is 'name = value', with the names of this list.")
    var config: String?

    @Option(help: "trace, debug, info, warning or error.")
    var logLevel: String = "info"

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level is '\(logLevel)'; it can be trace, debug, info, warning or error.")
        }
    }

    var logger: Logger {
        var logger = Logger(label: "novella", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        return logger
    }
}
