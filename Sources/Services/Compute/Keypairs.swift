import Cryptography
import Dispatch
import Foundation
package import Model
import Store
import Synchronization

extension ComputeService {
    package func keypairs(of user: UserID) async throws -> [Keypair] {
        try await database.read { try $0.fetch(Keypair.self, "WHERE user_id = ?1 ORDER BY name", [.id(user)]) }
    }

    package func keypair(_ name: String, of user: UserID) async throws -> Keypair {
        try await database.read { try Self.keypair(name, of: user, $0) }
    }

    static func keypair(_ name: String, of user: UserID, _ db: any Connection) throws -> Keypair {
        guard let found = try db.find(Keypair.self, key: .text(Keypair.key(user, name))) else {
            throw CloudError(.notFound, "Keypair \(name) not found for user \(user)")
        }
        return found
    }

    /// Imports an X.509 certificate, or one or several public keys, a line each; every line must be a key, a comment or
    /// empty. The limit is that of the caller's project, and counts for each user.
    package func importKeypair(
        _ name: String, type: String, publicKey: String, for user: UserID, by caller: Caller
    ) async throws -> Keypair {
        let keys = type == "ssh" ? try SSHKeys.parse(publicKey) : [try Self.key(certificate: publicKey)]
        let keypair = Keypair(
            key: Keypair.key(user, name), userID: user, name: name, type: type, publicKey: publicKey,
            fingerprint: keys[0].fingerprint, keys: try JSONText(keys), createdAt: clock.now())
        return try await database.transaction { db in
            try Self.check(name, for: user, by: caller, db)
            var keypair = keypair
            keypair.number = try NumberQueries.next(.keypairs, db)
            try db.insert(keypair)
            return keypair
        }
    }

    static func key(certificate: String) throws -> PublicKey {
        do {
            return PublicKey(
                line: certificate, fingerprint: try Certificate(pem: certificate).fingerprint(), type: "x509")
        } catch {
            throw CloudError(
                .badRequest, "Keypair data is invalid: failed to generate X509 fingerprint.", cause: error)
        }
    }

    /// Makes a key, or a key with a certificate; the private half is in the answer and nowhere else.
    package func generateKeypair(
        _ name: String, type: String = "ssh", for user: UserID, by caller: Caller
    ) async throws -> (Keypair, privateKey: String) {
        guard type == "ssh" || user.text.unicodeScalars.count <= LoginCertificate.nameLimit else {
            throw CloudError.badRequest(
                "Keypair data is invalid: a certificate has no room for a user id of more than "
                    + "\(LoginCertificate.nameLimit) characters; import one with 'public_key'.")
        }
        // A key costs tens of milliseconds of a processor: not for what is refused anyway.
        try await database.read { try Self.check(name, for: user, by: caller, $0) }
        let (publicKey, privateKey) = try await keyMaker.make {
            type == "ssh" ? try SSHKeys.generate(comment: "Generated-by-Novella") : try Self.certificate(for: user)
        }
        let made = try await importKeypair(name, type: type, publicKey: publicKey, for: user, by: caller)
        return (made, privateKey)
    }

    /// The private half is a PKCS #12 in Base64, as Nova gives it.
    private static func certificate(for user: UserID) throws -> KeyMaker.Pair {
        let made = try LoginCertificate.generate(name: user.text, principal: "\(user)@localhost")
        return (made.certificatePEM, Data(made.bundle).base64EncodedString())
    }

    private static func check(_ name: String, for user: UserID, by caller: Caller, _ db: any Connection) throws {
        guard try db.find(Keypair.self, key: .text(Keypair.key(user, name))) == nil else {
            throw CloudError(.conflict, "Key pair '\(name)' already exists.")
        }
        var limit = try QuotaQueries.defaultLimit(of: "key_pairs", db)
        if case .project(let project) = caller.scope {
            limit = try QuotaQueries.find("key_pairs", of: project, db)?.limit ?? limit
        }
        let count = try KeypairQueries.count(of: user, db)
        guard limit < 0 || count < limit else {
            throw CloudError(.overQuota, "Quota exceeded, too many key pairs: \(count) of \(limit) are in use.")
        }
    }

    package func deleteKeypair(_ name: String, of user: UserID) async throws {
        let found = try await database.transaction {
            try $0.delete(Keypair.self, key: .text(Keypair.key(user, name)))
        }
        if !found { throw CloudError(.notFound, "Keypair \(name) not found for user \(user)") }
    }
}

/// Makes keys on a thread of its own, one after the other, and says no when too many wait.
final class KeyMaker: Sendable {
    typealias Pair = (publicKey: String, privateKey: String)

    private static let queueLimit = 32
    private let queue = DispatchQueue(label: "novella.keys")
    private let waiting = Mutex(0)

    func make(_ generate: @escaping @Sendable () throws -> Pair) async throws -> Pair {
        let admitted = waiting.withLock { count in
            guard count < Self.queueLimit else { return false }
            count += 1
            return true
        }
        guard admitted else {
            throw CloudError(.unavailable, "Too many keys are being made; try again in a few seconds, or import one.")
        }
        defer { waiting.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try generate() }) }
        }
    }
}
