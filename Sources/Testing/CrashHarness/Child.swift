import Agent
import ArgumentParser
import Cloud
import Foundation
import HostLink
import HostProtocol
import Identity
import Inspection
import Logging
import Model
import Store

/// The process that may die: a whole cloud with one host of files, and a client that carries a scenario out.
struct Child: AsyncParsableCommand {
    enum Phase: String, ExpressibleByArgument, CaseIterable { case prepare, act, clean }

    static let configuration = CommandConfiguration(
        abstract: "One life of the cloud; started by 'points'.", shouldDisplay: false)

    @Option var folder: String
    @Option var scenario: String
    @Option var phase: Phase
    @Option var machine: Machine.Kind = .files
    /// The point at which this life ends, `name#occurrence`.
    @Option var deadly: String?
    /// Workers of other processes carry out workflows.
    @Flag var withoutWorkflows = false

    func run() async throws {
        let scenario = try CrashScenario.named(scenario)
        let points = CrashPoints(deadly: deadly)
        let logger = Logger(label: "harness") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let machine = try await Machine(machine, folder: folder, logger: logger)
        if phase == .clean { return try await machine.clean() }
        let cloud = try makeCloud(points, logger)
        if scenario.name == "first-start", phase == .act { points.arm() }
        try await cloud.prepare()
        let agent = cloud.agent(cloud.channel(), machine: machine.host(points))
        let host = try await agent.register()
        let client = Actor(cloud: cloud, points: points)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await cloud.run() }
            group.addTask { try await agent.run() }
            if withoutWorkflows { group.addTask { try await Self.ring(host, of: cloud) } }
            if scenario.name != "first-start" { try await client.seed() }
            if phase == .prepare {
                try await scenario.prepare(client)
            } else {
                points.arm()
                try await scenario.act(client)
            }
            try await settle(cloud)
            try await audit(cloud, machine)
            group.cancelAll()
        }
        let end = try await EndState.text(of: cloud, images: folder + "/state/images") + machine.facts()
        try report(end.joined(separator: "\n"), to: "end")
        try report(points.passed.joined(separator: "\n"), to: "points")
    }

    /// Workers of other processes cannot ring the host; nothing else is said of when they want it to look.
    private static func ring(_ host: HostID, of cloud: Cloud) async throws {
        while true {
            try await Task.sleep(for: .milliseconds(10))
            cloud.switchboard.ring(host, .servers)
        }
    }

    private func makeCloud(_ points: CrashPoints, _ logger: Logger) throws -> Cloud {
        var options = Cloud.Options(stateDirectory: folder + "/state")
        options.passwords = Passwords(cost: .init(rounds: 1 << 4))
        options.runsWorkflows = !withoutWorkflows
        options.watch = { CrashingDatabase(inner: $0, points: points) }
        return try Cloud(options, logger: logger)
    }

    /// Nothing is under way and hosts owe nothing.
    private func settle(_ cloud: Cloud) async throws {
        try await until("all work is done") {
            try await cloud.database.read { db in
                try db.integer("SELECT count(*) FROM workflows WHERE finished_at IS NULL") == 0
                    && db.integer("SELECT count(*) FROM server_placements WHERE role = 'leaving'") == 0
                    && db.integer("SELECT count(*) FROM network_outbox") == 0
            }
        }
    }

    /// A host may take a moment to pay what it owes.
    private func audit(_ cloud: Cloud, _ machine: Machine) async throws {
        var found: [String] = []
        do {
            try await until("the audit finds nothing") {
                found = try await StoreAudit.differences(in: cloud.database) + machine.differences(from: cloud)
                return found.isEmpty
            }
        } catch let error as CloudError {
            throw CloudError(.internal, "\(error.message) It found \(found).")
        }
    }

    private func report(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"), options: .atomic)
    }
}
