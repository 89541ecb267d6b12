import COpenSSL

/// What is made of secrets, and how they are compared.
package enum Secrets {
    /// Bytes that nobody can guess, from the kernel.
    package static func random(_ count: Int) -> [UInt8] {
        var kernel = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &kernel) }
    }

    /// The time it takes tells nothing but the lengths.
    package static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
    }

    /// HMAC (RFC 2104) with SHA-256.
    package static func authenticationCode(_ message: [UInt8], key: [UInt8]) throws -> [UInt8] {
        guard let method = HashFunction.sha256.method, let keyLength = Int32(exactly: key.count) else {
            throw CryptographyError("no HMAC here")
        }
        var code = [UInt8](repeating: 0, count: 32)
        guard HMAC(method, key, keyLength, message, message.count, &code, nil) != nil else {
            throw CryptographyError("HMAC")
        }
        return code
    }
}

/// A key from a password, dear to guess (RFC 7914).
package struct Scrypt: Sendable {
    private static let roundsLimit = 1 << 20

    package var rounds: Int
    package var blockSize: Int
    package var parallelism: Int

    package init(rounds: Int, blockSize: Int = 8, parallelism: Int = 1) {
        self.rounds = rounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// Takes 128 bytes times rounds times block size of memory while it works.
    package func key(of password: [UInt8], salt: [UInt8], count: Int) throws -> [UInt8] {
        guard Library.isReady, (2...Self.roundsLimit).contains(rounds), (1...64).contains(blockSize),
            (1...64).contains(parallelism)
        else { throw CryptographyError("scrypt with \(rounds), \(blockSize), \(parallelism)") }
        // The library's own limit is just below what 32,768 rounds need.
        let memory = UInt64(128 * blockSize * (rounds + parallelism + 2))
        var key = [UInt8](repeating: 0, count: count)
        let characters = password.map(CChar.init(bitPattern:))
        guard
            EVP_PBE_scrypt(
                characters, characters.count, salt, salt.count, UInt64(rounds), UInt64(blockSize), UInt64(parallelism),
                memory, &key, count) == 1
        else { throw CryptographyError("scrypt with \(rounds), \(blockSize), \(parallelism)") }
        return key
    }
}
