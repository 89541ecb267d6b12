import Cryptography
import Foundation
import Model
import Synchronization
import Threads

/// scrypt (RFC 7914) on threads of its own: 32 MiB and some 85 ms each, so two at once and a bounded queue in which
/// nobody's questions crowd out another's. A password that was proved in the last minutes is not asked of scrypt again.
package final class Passwords: Sendable {
    package struct Cost: Sendable {
        package var rounds: Int
        package static let production = Cost(rounds: 1 << 15)

        package init(rounds: Int) {
            self.rounds = rounds
        }
    }

    private typealias Work = @Sendable (_ refusal: (any Error)?) -> Void

    private let cost: Cost
    private let threads = BlockingThreads(count: 2, name: "novella.passwords")
    private let queue = Mutex(PasswordQueue<Work>())
    private let proved = ProvedPasswords()

    package init(cost: Cost = .production) {
        self.cost = cost
    }

    /// `scrypt$N$salt$hash`, salt and hash in base64.
    package func hash(_ password: String, _ turn: PasswordTurn) async throws -> String {
        let rounds = cost.rounds
        let salt = Secrets.random(16)
        let key = try await derive(password, salt: salt, rounds: rounds, turn)
        return "scrypt$\(rounds)$\(Data(salt).base64EncodedString())$\(Data(key).base64EncodedString())"
    }

    /// Compares in constant time. Without a stored hash it does the same work and says no, so that an answer's time
    /// does not tell whether a user exists.
    package func verify(_ password: String, against stored: String?, _ turn: PasswordTurn) async throws -> Bool {
        let parts = (stored ?? "").split(separator: "$").map(String.init)
        guard let stored, parts.count == 4, parts[0] == "scrypt", let rounds = Int(parts[1]),
            let salt = Data(base64Encoded: parts[2]),
            let expected = Data(base64Encoded: parts[3])
        else {
            _ = try await derive(password, salt: Array(repeating: 0, count: 16), rounds: cost.rounds, turn)
            return false
        }
        if try proved.holds(password, for: stored) { return true }
        let key = try await derive(password, salt: Array(salt), rounds: rounds, turn)
        guard Secrets.areEqual(key, Array(expected)) else { return false }
        try proved.keep(password, for: stored)
        return true
    }

    private func derive(_ password: String, salt: [UInt8], rounds: Int, _ turn: PasswordTurn) async throws -> [UInt8] {
        let number = Mutex<Int?>(nil)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (given, displaced) = queue.withLock { queue in
                    queue.add(
                        { refusal in
                            if let refusal { return continuation.resume(throwing: refusal) }
                            continuation.resume(
                                with: Result {
                                    try Scrypt(rounds: rounds).key(of: Array(password.utf8), salt: salt, count: 32)
                                })
                        }, turn)
                }
                displaced?(Self.crowded)
                guard let given else { return continuation.resume(throwing: Self.crowded) }
                number.withLock { $0 = given }
                if Task.isCancelled { cancel(given) }
                // Whose turn it is then is not known now.
                threads.start { [self] in queue.withLock { $0.next() }?(nil) }
            }
        } onCancel: {
            if let given = number.withLock({ $0 }) { cancel(given) }
        }
    }

    private static var crowded: CloudError {
        CloudError(.unavailable, "Too many password checks are waiting; try again in a few seconds.")
    }

    private func cancel(_ number: Int) {
        queue.withLock { $0.remove(number) }?(CancellationError())
    }
}

/// Passwords that were proved in the last minutes: of each hash what a key, which is in memory only, makes of it and
/// its password. A changed password has another hash.
private final class ProvedPasswords: Sendable {
    private static let lifetime = Duration.seconds(600)
    private static let limit = 10_000
    private let key = Secrets.random(32)
    private let known = Mutex<[String: (code: [UInt8], until: ContinuousClock.Instant)]>([:])

    func holds(_ password: String, for stored: String) throws -> Bool {
        let code = try code(of: password, stored)
        guard let found = known.withLock({ $0[stored] }), found.until > .now else { return false }
        return Secrets.areEqual(found.code, code)
    }

    func keep(_ password: String, for stored: String) throws {
        let code = try code(of: password, stored)
        known.withLock { known in
            if known.count >= Self.limit { known = known.filter { $0.value.until > .now } }
            if known.count >= Self.limit { known = [:] }
            known[stored] = (code, .now + Self.lifetime)
        }
    }

    private func code(of password: String, _ stored: String) throws -> [UInt8] {
        try Secrets.authenticationCode(Array("\(stored)\0\(password)".utf8), key: key)
    }
}
