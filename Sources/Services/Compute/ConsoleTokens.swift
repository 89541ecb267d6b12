import Cryptography
package import Model
import Store

/// Leave to open a server's console (`docs/decisions/0022-consoles.md`).
extension ComputeService {
    /// Nova's `token_ttl`.
    private static let consoleTokenSeconds = 600.0
    private static let consoleTokenBytes = 32

    /// Refuses a console of a server that has none to come, in the words of Nova's method of that name.
    package func checkConsole(of id: ServerID, for method: String, by caller: Caller) async throws {
        _ = try await database.read { try hostOfConsole(of: id, for: method, by: caller, $0) }
    }

    /// A token for a console. A guest that is off now may be on when it is used.
    package func consoleToken(
        _ kind: ConsoleKind, of id: ServerID, for method: String, by caller: Caller
    ) async throws -> String {
        let token = hexDigits(Secrets.random(Self.consoleTokenBytes))
        let (hash, end) = (try Self.hash(token), clock.now().advanced(seconds: Self.consoleTokenSeconds))
        try await database.transaction { db in
            let host = try hostOfConsole(of: id, for: method, by: caller, db)
            try db.insert(ConsoleToken(hash: hash, serverID: id, hostID: host, kind: kind, expiresAt: end))
        }
        return token
    }

    /// What a token is good for; `nil` where it is good for nothing, or not any more.
    package func console(of token: String) async throws -> ConsoleToken? {
        let (hash, now) = (try Self.hash(token), clock.now())
        return try await database.read { try ConsoleTokenQueries.valid(hash, now: now, $0) }
    }

    private static func hash(_ token: String) throws -> String {
        hexDigits(try HashFunction.sha256.hash(Array(token.utf8)))
    }

    private func hostOfConsole(
        of id: ServerID, for method: String, by caller: Caller, _ db: any Connection
    ) throws -> HostID {
        let server = try visible(id, by: caller, db)
        guard let host = server.placedOn, server.settled != .building else {
            throw CloudError(.conflict, "Instance \(id) is not ready")
        }
        if let task = server.state.taskState, ["deleting", "migrating"].contains(task) {
            throw CloudError(.conflict, "Cannot '\(method)' instance \(id) while it is in task_state \(task)")
        }
        return host
    }
}
