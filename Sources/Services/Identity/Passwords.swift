import Cryptography
import Foundation
import Model
import Synchronization

/// scrypt (RFC 7914) on threads of its own: 32 MiB and some 85 ms each, so two at once and a bounded queue.
package final class Passwords: Sendable {
    package struct Cost: Sendable {
        package var rounds: Int
        package static let production = Cost(rounds: 1 << 15)

        package init(rounds: Int) {
            self.rounds = rounds
        }
    }

    private static let queueLimit = 64
    private let cost: Cost
    private let threads = OperationQueue()
    private let waiting = Mutex(0)

    package init(cost: Cost = .production) {
        self.cost = cost
        threads.name = "novella.passwords"
        threads.maxConcurrentOperationCount = 2
    }

    /// `scrypt$N$salt$hash`, salt and hash in base64.
    package func hash(_ password: String) async throws -> String {
        let rounds = cost.rounds
        let salt = Secrets.random(16)
        let key = try await derive(password, salt: salt, rounds: rounds)
        return "scrypt$\(rounds)$\(Data(salt).base64EncodedString())$\(Data(key).base64EncodedString())"
    }

    /// Compares in constant time. Without a stored hash it does the same work and says no, so that an answer's time
    /// does not tell whether a user exists.
    package func verify(_ password: String, against stored: String?) async throws -> Bool {
        let parts = (stored ?? "").split(separator: "$").map(String.init)
        guard parts.count == 4, parts[0] == "scrypt", let rounds = Int(parts[1]),
            let salt = Data(base64Encoded: parts[2]),
            let expected = Data(base64Encoded: parts[3])
        else {
            _ = try await derive(password, salt: Array(repeating: 0, count: 16), rounds: cost.rounds)
            return false
        }
        let key = try await derive(password, salt: Array(salt), rounds: rounds)
        return Secrets.areEqual(key, Array(expected))
    }

    private func derive(_ password: String, salt: [UInt8], rounds: Int) async throws -> [UInt8] {
        let admitted = waiting.withLock { count in
            guard count < Self.queueLimit else { return false }
            count += 1
            return true
        }
        guard admitted else {
            throw CloudError(.unavailable, "Too many password checks are waiting; try again in a few seconds.")
        }
        defer { waiting.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            threads.addOperation {
                continuation.resume(
                    with: Result { try Scrypt(rounds: rounds).key(of: Array(password.utf8), salt: salt, count: 32) })
            }
        }
    }
}
