import Agent
import ArgumentParser
import Compute
import Dataplane
import Foundation
import HostProtocol
import HostStorage
import Inspection
import LibvirtDriver
import Logging
import Model
import Networking
import Store
import StoreSQLite

/// `novella inspect`: looks at a cloud, also a live one, and changes nothing.
struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a cloud, also a live one, and change nothing.",
        subcommands: [Audit.self, Workflows.self, Hosts.self])

    struct Options: ParsableArguments {
        @Option(help: "The folder that holds everything the cloud knows.")
        var stateDir: String

        func database() throws -> SQLiteDatabase {
            let path = stateDir + "/novella.db"
            guard FileManager.default.fileExists(atPath: path) else {
                throw ValidationError("\(path) is not there; --state-dir names the folder of a cloud.")
            }
            return try SQLiteDatabase(readingOnly: path)
        }
    }

    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare rows, allocations, quota use, ports, guests, disks, links and rules.",
            discussion: """
                Prints each difference and ends with 1 when there is any. On a live cloud what is being done at the
                moment may show; what is still there in a second look is wrong. Guests, disks and links are compared on
                the machine of a cloud with --driver libvirt, as root.
                """)

        @OptionGroup var options: Options

        func run() async throws {
            let database = try options.database()
            var lines = try await StoreAudit.differences(in: database)
            if FileManager.default.fileExists(atPath: options.stateDir + "/host/servers") {
                lines += try await machine(database)
            }
            for line in lines { print(line) }
            print("\(lines.count) differences")
            if !lines.isEmpty { throw ExitCode(1) }
        }

        private func machine(_ database: any Database) async throws -> [String] {
            let hostname = ProcessInfo.processInfo.hostName
            guard let host = try await database.read({ try HostQueries.named(hostname, $0) }) else {
                return ["host: the cloud does not know this machine, \(hostname)"]
            }
            let documents = try await database.read {
                try ServerPlacementQueries.documents(on: host.id, after: 0, limit: .max, $0)
            }
            let wanted = try documents.map { try JSONText<DesiredServer>(raw: $0.document).value() }
            let networking = NetworkingService(database: database, clock: SystemClock(), changed: { _ in })
            let logger = Logger(label: "novella", factory: { StreamLogHandler.standardError(label: $0) })
            let machine = try await LocalMachine.libvirt(
                stateDirectory: options.stateDir, externalInterface: nil, isShared: true, logger: logger,
                metadata: { _ in MetadataResponse(status: 404, contentType: "text/plain", body: []) })
            return try await HostAudit(machine).differences(
                from: wanted, try await networking.topology(of: hostname))
        }
    }

    struct Workflows: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Operations under way: step, attempt, lease, age and what they wait for.")

        @OptionGroup var options: Options

        func run() async throws {
            let now = SystemClock().now()
            let found = try await options.database().read { try WorkflowQueries.unfinished($0) }
            for workflow in found {
                let lease =
                    workflow.leaseUntil > now ? "leased for \(seconds(from: now, to: workflow.leaseUntil))" : "free"
                let step = workflow.step.isEmpty ? "-" : workflow.step
                print(
                    "\(workflow.id) \(workflow.kind) server \(workflow.serverID?.text ?? "-") step \(step) "
                        + "\(workflow.direction.rawValue) attempt \(workflow.attempt) \(lease) "
                        + "age \(seconds(from: workflow.createdAt, to: now)) "
                        + "deadline in \(seconds(from: now, to: workflow.deadline)) \(workflow.failure ?? "")")
            }
            print("\(found.count) workflows under way")
        }
    }

    struct Hosts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hosts: when they were last seen, what they have and what is used.")

        @OptionGroup var options: Options

        func run() async throws {
            let now = SystemClock().now()
            let database = try options.database()
            let hosts = try await database.read { try HostQueries.all($0) }
            for host in hosts {
                let inventories = try await database.read {
                    try PlacementQueries.inventories(of: ResourceProviderID(host.id.text), $0)
                }
                let use = inventories.map { "\($0.resourceClass) \($0.used)/\($0.capacity)" }.joined(separator: " ")
                let troubles = try host.troubles.value()
                let well = troubles.isEmpty ? "up" : "unwell"
                let state = host.isDisabled ? "disabled" : host.isUp(at: now) ? well : "down"
                let seen = seconds(from: host.lastSeenAt, to: now)
                print("\(host.hostname) \(host.availabilityZone) \(state) seen \(seen) ago \(use)")
                for (part, why) in troubles.sorted(by: { $0.key < $1.key }) { print("    \(part): \(why)") }
            }
            print("\(hosts.count) hosts")
        }
    }
}

private func seconds(from start: Timestamp, to end: Timestamp) -> String {
    "\((end.microseconds - start.microseconds) / 1_000_000) s"
}
