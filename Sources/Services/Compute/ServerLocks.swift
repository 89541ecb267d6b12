package import Model
import Store

extension ComputeService {
    /// Locks or unlocks. What an administrator locked, only an administrator unlocks.
    package func setLock(
        _ isLocked: Bool, reason: String?, byAdmin: Bool, on id: ServerID, by caller: Caller
    ) async throws -> Server {
        try await database.transaction { db in
            var server = try visible(id, by: caller, db)
            if server.isLocked, server.lockedByAdmin, !caller.isAdmin {
                throw CloudError(.forbidden, "Instance \(id) was locked by an administrator.")
            }
            server.isLocked = isLocked
            server.lockedByAdmin = isLocked && byAdmin
            server.lockedReason = reason
            try db.update(server)
            return server
        }
    }
}
