import HostProtocol
import Model
import Store
import Workflow

/// What an agent holds against what the store says. They differ when the store was restored from a backup: then the
/// host has taken documents that the store does not know, and would take those of the store for old ones.
enum HostHoldings {
    /// Far above what any feed counts to, and far from where it could count no further.
    private static let highestEpoch = Int64(1) << 60

    /// Writes anew, under numbers that the host has not seen, each document that the host holds in another form.
    static func settle(
        _ held: [HeldDocument], on host: HostID, now: Timestamp, _ db: any Connection
    ) throws {
        if let highest = held.map(\.epoch).max() {
            guard highest <= Self.highestEpoch else {
                throw CloudError.badRequest("The host holds a document of epoch \(highest), which no cloud has given.")
            }
            try HostFeedQueries.raise(host, to: highest, db)
        }
        for document in held {
            // What the store does not know stays there: the auditor names it, and an operator decides.
            guard let placement = try ServerPlacementQueries.find(document.serverID, on: host, db),
                let wanted = try placement.desired(),
                document.epoch > wanted.epoch || (document.epoch == wanted.epoch && document.mark != wanted.mark)
            else { continue }
            if document.isGone, wanted.presence == .present {
                try lose(document.serverID, now: now, db)
            } else {
                try HostDocuments.put(wanted, as: placement.role, on: host, db)
            }
        }
    }

    /// The server is in ERROR: its disk is gone with it, and a new disk must not pass for the old one.
    private static func lose(_ id: ServerID, now: Timestamp, _ db: any Connection) throws {
        let why = "Its host has taken the server and its disk away since the backup of which this cloud was restored."
        try HostDocuments.withdraw(id, for: nil, now: now, db)
        try WorkflowQueries.endAll(of: id, because: why, now: now, db)
        try OperationStart.fail(id, why, now: now, db)
    }
}
