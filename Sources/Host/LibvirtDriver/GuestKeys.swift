import CLibvirt
package import HostProtocol
package import Model

/// Keys of guests' users, by the agents in them.
extension LibvirtDriver {
    package func changeKeys(_ change: GuestKeyChange, of server: ServerID) async throws {
        do {
            let lines = change.isRemoval ? try await linesToRemove(change, in: server) : change.lines
            for line in lines { try await set(line, change, in: server) }
        } catch let error as LibvirtError {
            throw error.failure(
                "The server's guest agent did not change the keys of user '\(change.user)': \(error.message). It may "
                    + "have changed some of them.")
        }
    }

    /// As the guest has them, since its agent compares whole lines. Of a user without a file of keys it fails to tell
    /// any.
    private func linesToRemove(_ change: GuestKeyChange, in server: ServerID) async throws -> [String] {
        do {
            let known = try await keys(of: change.user, in: server)
            return change.lines.flatMap { GuestKeyChange.lines(known, of: $0) }
        } catch let error as LibvirtError where !error.isAgentSilent {
            return change.lines
        }
    }

    func keys(of user: String, in server: ServerID) async throws -> [String] {
        let name = names.name(of: server)
        return try await long.run { handle in
            final class Found { var keys: [String] = [] }
            let found = Found()
            try handle.call { error in
                novella_virt_keys(
                    handle.pointer, name, Self.agentSeconds, user,
                    { context, key in
                        guard let context, let key else { return }
                        Unmanaged<Found>.fromOpaque(context).takeUnretainedValue().keys.append(String(cString: key))
                    }, Unmanaged.passUnretained(found).toOpaque(), &error)
            }
            return withExtendedLifetime(found) { found.keys }
        }
    }

    private func set(_ key: String, _ change: GuestKeyChange, in server: ServerID) async throws {
        let name = names.name(of: server)
        try await long.run { handle in
            try handle.call {
                novella_virt_set_key(
                    handle.pointer, name, Self.agentSeconds, change.user, key, change.isRemoval ? 1 : 0, &$0)
            }
        }
    }
}
