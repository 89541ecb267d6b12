import HostProtocol
import Model
import Store

/// How far a snapshot is, as the server shows it.
enum SnapshotProgress {
    /// Places in the `task_state`s of the operations that snapshot, after the one in which the host has not begun.
    private static func phase(_ stage: SnapshotReport.Stage) -> Int {
        switch stage {
        case .copying: 1
        case .copied: 2
        case .uploading: 3
        }
    }

    /// A host may tell of a command whose operation has ended; the server then shows what is under way now.
    static func show(_ command: HostCommand, now: Timestamp, _ db: any Connection) throws {
        guard let report = SnapshotReport(result: try command.result?.value()),
            let old = try ServerQueries.live(command.serverID, db), old.workflowID?.text == command.id.text
        else { return }
        var server = old
        server.phase = phase(report.stage)
        server.progress = command.progress
        if server.phase != old.phase { server.updatedAt = now }
        try db.update(server, from: old)
    }
}
