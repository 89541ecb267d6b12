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

    /// Imports an X.509 certificate, or one or several public keys, a line each; every line must be a key. The limit is
    /// that of the caller's project, and counts for each user.
    package func importKeypair(
        _ name: String, type: String, publicKey: String, for user: UserID, by caller: Caller
    ) async throws -> Keypair {
        let keys = type == "ssh" ? try SSHKeys.parse(publicKey) : []
        let fingerprint = try keys.first?.fingerprint ?? Self.fingerprint(certificate: publicKey)
        let keypair = Keypair(
            key: Keypair.key(user, name), userID: user, name: name, type: type, publicKey: publicKey,
            fingerprint: fingerprint, keys: try JSONText(keys), createdAt: clock.now())
        try await database.transaction { db in
            try Self.check(name, for: user, by: caller, db)
            try db.insert(keypair)
        }
        return keypair
    }

    private static func fingerprint(certificate: String) throws -> String {
        do {
            return try Certificate(pem: certificate).fingerprint()
        } catch {
            throw CloudError(
                .badRequest, "Keypair data is invalid: failed to generate X509 fingerprint.", cause: error)
        }
    }

    /// Makes a key; the private half is in the answer and nowhere else.
    package func generateKeypair(
        _ name: String, for user: UserID, by caller: Caller
    ) async throws -> (Keypair, privateKey: String) {
        // A key costs tens of milliseconds of a processor: not for what is refused anyway.
        try await database.read { try Self.check(name, for: user, by: caller, $0) }
        let (publicKey, privateKey) = try await keyMaker.make(comment: "Generated-by-Novella")
        let made = try await importKeypair(name, type: "ssh", publicKey: publicKey, for: user, by: caller)
        return (made, privateKey)
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
    private static let queueLimit = 32
    private let queue = DispatchQueue(label: "novella.keys")
    private let waiting = Mutex(0)

    func make(comment: String) async throws -> (publicKey: String, privateKey: String) {
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
            queue.async { continuation.resume(with: Result { try SSHKeys.generate(comment: comment) }) }
        }
    }
}

/// OpenSSH public keys (RFC 4253, section 6.6).
package enum SSHKeys {
    private static let types: Set<String> = [
        "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-dss",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ]

    /// One key a line; empty lines are passed over. Options before a key are refused: whoever imports a key does not
    /// choose what `authorized_keys` does with it.
    package static func parse(_ text: String) throws -> [PublicKey] {
        var keys: [PublicKey] = []
        for (at, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let words = line.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            if words.isEmpty { continue }
            guard words.count >= 2, types.contains(words[0]), let blob = Data(base64Encoded: words[1]),
                name(of: blob) == words[0], !line.unicodeScalars.contains(where: { $0.value < 32 && $0 != "\t" })
            else {
                throw CloudError.badRequest("Keypair data is invalid: failed to generate fingerprint of key \(at + 1).")
            }
            keys.append(PublicKey(line: words.joined(separator: " "), fingerprint: try fingerprint(Array(blob))))
        }
        guard !keys.isEmpty else { throw CloudError.badRequest("Keypair data is invalid: it holds no key.") }
        return keys
    }

    /// The type that the key's own bytes name.
    private static func name(of blob: Data) -> String? {
        guard blob.count > 4 else { return nil }
        let length = blob.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard length > 0, length <= 64, blob.count > 4 + length else { return nil }
        return String(validating: blob.dropFirst(4).prefix(length), as: UTF8.self)
    }

    /// MD5 with colons, as Nova shows it.
    package static func fingerprint(_ bytes: [UInt8]) throws -> String {
        colonedHexDigits(try HashFunction.md5.hash(bytes))
    }

    /// An RSA key of 2,048 bits: the public line and the private key as PEM.
    static func generate(comment: String) throws -> (publicKey: String, privateKey: String) {
        let key = try RSAKey.generate(bits: 2048)
        var blob = Data()
        for part in [Array("ssh-rsa".utf8), positive(key.publicExponent), positive(key.modulus)] {
            withUnsafeBytes(of: UInt32(part.count).bigEndian) { blob.append(contentsOf: $0) }
            blob.append(contentsOf: part)
        }
        return ("ssh-rsa \(blob.base64EncodedString()) \(comment)", key.privatePEM)
    }

    /// An mpint that is not negative.
    private static func positive(_ number: [UInt8]) -> [UInt8] {
        (number.first ?? 0) & 0x80 == 0 ? number : [0] + number
    }
}
