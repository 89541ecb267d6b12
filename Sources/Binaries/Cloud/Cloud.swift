import API
package import APIKit
package import Agent
package import Compute
import Files
import Foundation
package import HostLink
import HostProtocol
package import Hummingbird
package import Identity
package import Image
package import Logging
package import Model
package import Networking
package import Placement
package import Store
import StoreSQLite
import Workflow

/// A whole control plane in one process: store, services, workflows, API, and the line to hosts.
package final class Cloud: Sendable {
    package struct Options: Sendable {
        /// A folder for the store, the images and the cloud's tag; made when it is not there.
        package var stateDirectory: String
        package var passwords: Passwords = Passwords()
        /// `nil` for the store's: that of its database server, or this machine's.
        package var clock: (any CloudClock)?
        package var retention = Retention()
        /// After which a resize that nobody has decided is confirmed; `nil` never.
        package var resizeConfirmSeconds: Double?
        package var setAside = SetAsideTimes()
        /// A migrated store; `nil` for an SQLite file in the state directory.
        package var database: (any Database)?
        /// Whether this process carries out workflows; else workers of others do.
        package var runsWorkflows = true
        /// Where clients reach the cloud, when a proxy stands before it.
        package var publicURL: String?
        package var images = ImageBounds()
        /// A file with what differs from Nova's default rules; `nil` for none.
        package var policyFile: String?
        /// A folder with noVNC's files, where Debian's package has them.
        package var consolePages = "/usr/share/novnc"
        /// What stands between the store and everything that uses it.
        package var watch: @Sendable (any Database) -> any Database = { $0 }

        package init(stateDirectory: String) {
            self.stateDirectory = stateDirectory
        }
    }

    package let database: any Database
    package let identity: IdentityService
    package let image: ImageService
    package let networking: NetworkingService
    package let placement: PlacementService
    package let compute: ComputeService
    package let switchboard: Switchboard
    private let runner: WorkflowRunner
    private let networkBell: Bell
    private let untold: UntoldChange
    private let logger: Logger
    let clock: any CloudClock
    private let databaseClock: DatabaseClock?
    let metrics = CloudMetrics()
    let metricsToken: MetricsToken
    private let policy: ComputePolicy
    private let options: Options
    private let lock: StateLock
    /// The store is in the locked folder, so that no other process has work of it.
    private let isAlone: Bool
    private let runsWorkflows: Bool

    package init(_ options: Options, logger: Logger) throws {
        try StateFile.told { () throws(FileFailure) in
            try DurableFile.makeFolder(options.stateDirectory, mode: 0o711)
        }
        lock = try StateLock(directory: options.stateDirectory)
        metricsToken = try MetricsToken(in: options.stateDirectory)
        (isAlone, runsWorkflows) = (options.database == nil, options.runsWorkflows)
        self.options = options
        policy = try options.policyFile.map(Self.policy) ?? ComputePolicy()
        let store = options.watch(try options.database ?? Self.openFile(in: options.stateDirectory, metrics, logger))
        let switchboard = Switchboard()
        let intake = WorkflowIntake(logger: logger)
        let networkBell = Bell()
        let untold = UntoldChange()
        databaseClock = options.clock == nil ? DatabaseClock(store) : nil
        let clock = options.clock ?? databaseClock ?? SystemClock()
        self.clock = clock
        self.logger = logger
        self.switchboard = switchboard
        database = store
        identity = IdentityService(database: store, clock: clock, passwords: options.passwords)
        image = try ImageService(
            database: store, clock: clock, directory: options.stateDirectory + "/images", bounds: options.images,
            logger: logger)
        networking = NetworkingService(database: store, clock: clock) { change in
            untold.add(change)
            networkBell.ring()
        }
        placement = PlacementService(database: store)
        compute = ComputeService(
            database: store, clock: clock, networking: networking, image: image,
            bells: ComputeBells(workflows: intake, host: { switchboard.ring($0, .servers) }),
            setAside: options.setAside, logger: logger)
        runner = WorkflowRunner(
            database: store, clock: clock,
            definitions: compute.workflows.map { [metrics] in metrics.steps.counting($0) },
            intake: intake, logger: logger)
        self.networkBell = networkBell
        self.untold = untold
    }

    private static func openFile(
        in directory: String, _ metrics: CloudMetrics, _ logger: Logger
    ) throws -> SQLiteDatabase {
        let path = directory + "/novella.db"
        // The store holds password hashes and keys: SQLite gives its other files the mode of this one.
        try PrivateFile.make(path)
        let store = try SQLiteDatabase(path: path, commitSizes: metrics.commits) { error in
            logger.error("the store's log cannot be written back", metadata: ["error": "\(error)"])
        }
        try store.migrate()
        return store
    }

    /// Makes ready what a start has to: the time, keys, work and uploads that another process left, the view of the
    /// hosts.
    package func prepare() async throws {
        try await databaseClock?.measure()
        if isAlone {
            let now = clock.now()
            try await database.transaction { try WorkflowQueries.releaseAll(now: now, $0) }
        }
        try await identity.ensureTokenKey()
        try await image.recoverUploads(isAlone: isAlone)
        try await compute.refreshCapacity()
    }

    /// Everything that runs beside the API, until cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            if runsWorkflows { group.addTask { [self] in await runner.run() } }
            group.addTask { [self] in await keepFresh() }
            group.addTask { [self] in await followNetwork() }
            if let databaseClock { group.addTask { [self] in await follow(databaseClock) } }
            group.addTask { [self] in await forget() }
        }
    }

    /// Once a second: what other processes changed, and which hosts live.
    private func keepFresh() async {
        while !Task.isCancelled {
            do {
                try await clock.sleep(until: clock.now().advanced(seconds: 1))
                try await identity.refresh()
                try await compute.refreshCapacity()
            } catch is CancellationError {
                return
            } catch {
                logger.error("the store cannot be read", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Every ten seconds: what time the store has.
    private func follow(_ databaseClock: DatabaseClock) async {
        while !Task.isCancelled {
            do {
                try await clock.sleep(until: clock.now().advanced(seconds: 10))
                try await databaseClock.measure()
            } catch is CancellationError {
                return
            } catch {
                logger.error("the store's time cannot be read", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Every ten seconds: what is kept no longer, piece by piece, uploads of processes that are no more, resizes that
    /// nobody decides, and servers that were set aside for long enough. Every minute: memory that a burst has left, and
    /// files of images that are no more.
    private func forget() async {
        var rounds = 0
        while !Task.isCancelled {
            do {
                try await clock.sleep(until: clock.now().advanced(seconds: 10))
                while try await compute.purge(options.retention) > 0 { try Task.checkCancellation() }
                try await image.requeueAbandoned()
                if let seconds = options.resizeConfirmSeconds {
                    try await compute.confirmResizes(undecidedFor: seconds)
                }
                try await compute.endSettingAside()
                rounds += 1
                if rounds % 6 == 0 {
                    FreeMemory.giveBack()
                    try await image.sweep()
                }
            } catch is CancellationError {
                return
            } catch {
                logger.error("what is kept no longer cannot be taken away", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Tells hosts the changes of the network that concern them.
    package func tellNetwork() { switchboard.tell(untold.take()) }

    /// Tells hosts, and turns what Network wrote into its outbox into addresses of servers. The first change is told at
    /// once, those of the next moment together.
    private func followNetwork() async {
        while !Task.isCancelled {
            _ = await networkBell.wait(until: clock.now().advanced(seconds: 1), clock: clock)
            tellNetwork()
            do {
                try await networking.drainOutbox { [compute] in try await compute.refreshAddresses(of: $0) }
                try await clock.sleep(until: clock.now().advanced(seconds: 0.05))
            } catch is CancellationError {
                return
            } catch {
                logger.error("the network outbox cannot be read", metadata: ["error": "\(error)"])
            }
        }
    }

    private var publicURL: String? { options.publicURL }

    private static func policy(in path: String) throws -> ComputePolicy {
        guard let bytes = FileManager.default.contents(atPath: path),
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw CloudError(.notFound, "The policy file \(path) cannot be read, or is no text in UTF-8.")
        }
        return try ComputePolicy(text, path: path)
    }

    /// The route tables of all services.
    package var services: [APIService] {
        [
            IdentityAPI.service(identity: identity), ImageAPI.service(image: image),
            NetworkAPI.service(networking: networking), PlacementAPI.service(placement: placement),
        ]
            + ComputeAPI(
                compute: compute, image: image, networking: networking, hosts: switchboard, policy: policy,
                isProject: { [identity] id in try await identity.list(Project.self).contains { $0.id == id } }
            ).services
    }

    /// What stands outside every service and needs no token.
    package var openRoutes: [Route] {
        HealthAPI.routes(database: database) + IdentityAPI.open + ImageAPI.open + NetworkAPI.open + ComputeAPI.open
    }

    /// Consoles need a token of their own.
    private var consoleRoutes: [Route] { ConsoleAPI.routes(compute: compute, hosts: switchboard) }

    /// What answers HTTP.
    package func frontDoor(bodies: BodyBudget = BodyBudget()) -> some HTTPResponder<FrontContext> {
        MetricsDoor(
            inner: ConsolePagesDoor(
                inner: FrontDoor(
                    services: services, open: openRoutes + consoleRoutes, identity: identity, metrics: metrics.requests,
                    publicURL: publicURL, bodies: bodies, logger: logger),
                folder: options.consolePages, logger: logger),
            cloud: self, logger: logger)
    }

    /// An agent of this process for a machine, already on the line.
    package func agent(_ channel: InProcessChannel, machine: HostMachine) -> Agent {
        Agent(channel: channel, machine: machine, logger: logger)
    }

    package func channel() -> InProcessChannel {
        InProcessChannel(compute: compute, networking: networking, image: image, switchboard: switchboard)
    }
}
