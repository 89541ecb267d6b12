package import Model
import Store

extension ComputeService {
    /// Locks a server: as an owner whoever belongs to its project, else as an administrator. One that is locked and
    /// that its own project locks again stays as it is.
    package func lock(_ id: ServerID, reason: String?, by caller: Caller) async throws {
        try await record(.lock, on: id, by: caller) { server in
            let isOwner = caller.scope == .project(server.projectID)
            if server.isLocked, isOwner { return false }
            server.isLocked = true
            server.lockedByAdmin = !isOwner
            server.lockedReason = reason
            return true
        }
    }

    /// Unlocks a server. What an administrator of another project has locked, only an administrator unlocks.
    package func unlock(_ id: ServerID, by caller: Caller) async throws {
        try await record(.unlock, on: id, by: caller) { server in
            if server.isLocked, server.lockedByAdmin, !caller.isAdmin {
                throw CloudError(.forbidden, "Instance \(id) was locked by an administrator.")
            }
            server.isLocked = false
            server.lockedByAdmin = false
            server.lockedReason = nil
            return true
        }
    }
}
