import Agent
package import Cloud
package import Compute
import Foundation
package import HostProtocol
import Identity
package import Image
package import Logging
package import Model
package import Store
package import Workflow

/// A whole cloud in one process, with simulated hosts and no sockets, for the time of one test.
package struct CloudFixture: Sendable {
    package struct Options: Sendable {
        package var hosts = 1
        /// `nil` for the store's.
        package var clock: (any CloudClock)?
        /// Rounds of scrypt; few, so that tests are quick.
        package var passwordRounds = 1 << 4
        /// Whether the cloud's own runner and followers work; without them a test drives workflows by hand.
        package var runsWorkflows = true
        /// Whether agents work; without them a test speaks for the hosts.
        package var runsAgents = true
        package var inventory: @Sendable (Int) -> HostInventory = SimulatedHost.inventory
        package var publicURL: String?
        package var setAside = SetAsideTimes()
        package var policyFile: String?
        package var images = ImageBounds()
        /// A folder with the page for consoles.
        package var consolePages = "/nowhere"
        /// `nil` for an SQLite file of its own.
        package var database: (any Database)?
        package var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

        package init() {}
    }

    package let cloud: Cloud
    package let stateDirectory: String
    package let hosts: [SimulatedHost]
    package let image: ImageID
    package let people: People
    let front: Front

    package var host: SimulatedHost { hosts[0] }

    /// Builds a cloud, lets it work while `body` runs, and takes every trace of it away.
    package static func run(
        _ options: Options = Options(), _ body: @Sendable (CloudFixture) async throws -> Void
    ) async throws {
        let directory = scratch()
        defer { discard(directory) }
        var settings = Cloud.Options(stateDirectory: directory)
        settings.passwords = Passwords(cost: .init(rounds: options.passwordRounds))
        settings.clock = options.clock
        settings.database = options.database
        settings.publicURL = options.publicURL
        settings.policyFile = options.policyFile
        settings.images = options.images
        settings.setAside = options.setAside
        settings.consolePages = options.consolePages
        let cloud = try Cloud(settings, logger: options.logger)
        try await cloud.prepare()
        var hosts: [SimulatedHost] = []
        for index in 0..<options.hosts {
            hosts.append(try await SimulatedHost.join(cloud, options.inventory(index)))
        }
        try await Seed(cloud, Seed.Options(adminPassword: People.password)).plant()
        let people = try await People.invite(cloud)
        let fixture = CloudFixture(
            cloud: cloud, stateDirectory: directory, hosts: hosts, image: try await bootImage(cloud, people.admin),
            people: people,
            front: Front(cloud, logger: options.logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            if options.runsWorkflows { group.addTask { await cloud.run() } }
            if options.runsAgents {
                for host in hosts { group.addTask { try await host.agent.run() } }
            }
            try await body(fixture)
            group.cancelAll()
        }
    }

    private static func scratch() -> String {
        let memory = "/dev/shm"
        let base =
            FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
        return "\(base)/novella-test-\(UUIDText.random())"
    }

    private static func discard(_ directory: String) {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            return  // It was never made.
        }
    }

    /// A public image of 64 KiB that every flavor can hold.
    private static func bootImage(_ cloud: Cloud, _ admin: Caller) async throws -> ImageID {
        let now = cloud.image.clock.now()
        let made = try await cloud.image.create(
            Model.Image(
                id: .random(), projectID: try admin.project(), name: "tiny", visibility: .public, diskFormat: "raw",
                containerFormat: "bare", properties: try JSONText([:]), tags: try JSONText([]), createdAt: now,
                updatedAt: now), by: admin)
        try await cloud.image.upload(made.id, by: admin) { write in
            try await write([UInt8](repeating: 0x5a, count: 65_536))
        }
        return made.id
    }
}

/// What was waited for did not come.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String
}

/// Asks until `condition` holds, or throws after `seconds`.
package func eventually(
    _ what: String, within seconds: Double = 60, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut(description: "not within \(seconds) s: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension CloudFixture {
    /// A runner of workflows that a test drives by hand; its leases end at once, as if their holder were known dead.
    package func runner(_ definitions: [WorkflowDefinition]? = nil) -> WorkflowRunner {
        var limits = WorkflowRunner.Limits()
        limits.leaseSeconds = 0
        return WorkflowRunner(
            database: cloud.database, clock: cloud.compute.clock, definitions: definitions ?? cloud.compute.workflows,
            limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
