package import Model
import Store

/// How long what has ended is kept.
package struct Retention: Sendable {
    /// Seconds for which deleted servers and finished operations can be looked up.
    package var seconds: Double = 30 * 86_400
    /// However young: no more deleted servers than this, so that tables keep their size under any load.
    package var deletedServers = 10_000
    /// The same for finished operations, those of servers that live included.
    package var operations = 100_000

    package init() {}

    /// More days than a life has are taken for a mistake.
    package init(days: Double, deletedServers: Int) throws(CloudError) {
        let longest = 36_500
        guard (0...Double(longest)).contains(days) else {
            throw CloudError.badRequest("What has ended can be kept for 0 to \(longest) days, not for \(days).")
        }
        let most = 1_000_000_000
        guard (0...most).contains(deletedServers) else {
            throw CloudError.badRequest("0 to \(most) deleted servers can be kept, not \(deletedServers).")
        }
        seconds = days * 86_400
        self.deletedServers = deletedServers
    }
}

extension ComputeService {
    /// How long the answer to a command is kept: longer than any operation waits for it.
    private static let commandSeconds = 86_400.0

    /// Takes away one piece of what is kept no longer; returns how many rows went, 0 when there is nothing left to do.
    package func purge(_ retention: Retention) async throws -> Int {
        let now = clock.now()
        let cutoff = now.advanced(seconds: -retention.seconds)
        return try await database.transaction { db in
            try RetentionQueries.purgeServers(
                deletedBefore: cutoff, beyond: retention.deletedServers, limit: 200, db)
                + RetentionQueries.purgeWorkflows(
                    finishedBefore: cutoff, beyond: retention.operations, limit: 500, db)
                + RetentionQueries.purgeCommands(
                    endedBefore: now.advanced(seconds: -Self.commandSeconds), limit: 500, db)
                + ConsoleTokenQueries.purge(endedBy: now, limit: 500, db)
        }
    }
}
