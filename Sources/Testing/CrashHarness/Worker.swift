import ArgumentParser
import Cloud
import Compute
import Foundation
import Image
import Logging
import Model
import Networking
import StoreSQLite
import Workflow

/// A process that does nothing but carry out workflows, on a store that other processes use too.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A runner of workflows; started by 'takeover'.", shouldDisplay: false)

    @Option var folder: String
    /// The point at which it ends, or stands still.
    @Option var deadly: String?
    @Flag var stalls = false

    func run() async throws {
        let points = CrashPoints(deadly: deadly, signal: stalls ? SIGSTOP : SIGKILL)
        let logger = Logger(label: "worker") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let clock = SystemClock()
        let store = CrashingDatabase(
            inner: try SQLiteDatabase(path: folder + "/state/novella.db") { logger.error("\($0)") }, points: points,
            turns: Turns())
        let intake = WorkflowIntake(logger: logger)
        let compute = ComputeService(
            database: store, clock: clock, networking: NetworkingService(database: store, clock: clock) { _ in },
            image: try ImageService(
                database: store, clock: clock, directory: folder + "/state/images", logger: logger),
            bells: ComputeBells(workflows: intake, host: { _ in }), logger: logger)
        try await compute.refreshCapacity()
        points.arm()
        var limits = WorkflowRunner.Limits()
        limits.leaseSeconds = 1
        limits.idleSeconds = 0.02
        limits.lingerSeconds = 0.02
        await WorkflowRunner(
            database: store, clock: clock, definitions: compute.workflows, limits: limits, intake: intake,
            logger: logger
        ).run()
    }
}
