import Logging
import Model

/// A line in the log for each thing that a request sets going.
struct WorkflowTrace: Sendable {
    let logger: Logger

    init(_ logger: Logger) {
        self.logger = logger
    }

    func callAsFunction(_ event: Logger.Message, _ record: WorkflowRecord, _ more: Logger.Metadata = [:]) {
        guard logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "request": "\(record.requestID)", "workflow": "\(record.id)", "kind": "\(record.kind)",
        ]
        if let server = record.serverID { metadata["server"] = "\(server)" }
        logger.info(event, metadata: metadata.merging(more) { $1 })
    }

    /// Nothing, unless the workflow has ended.
    func end(_ record: WorkflowRecord) {
        guard let outcome = record.outcome, let end = record.finishedAt else { return }
        let took = Double(end.microseconds - record.createdAt.microseconds) / 1000
        self("a workflow ends", record, ["outcome": "\(outcome.rawValue)", "took": "\(took) ms"])
    }
}
