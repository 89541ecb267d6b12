import COpenSSL

/// MD5 and SHA-1 are here for what the protocols show, and prove nothing.
package enum HashFunction: Sendable {
    case md5, sha1, sha256, sha512

    package func hash(_ bytes: [UInt8]) throws -> [UInt8] {
        let running = try RunningHash(self)
        try running.update(bytes)
        return try running.finish()
    }

    /// Looked up once; a lookup takes as long as a short hash.
    var method: OpaquePointer? {
        switch self {
        case .md5: Self.md5Method
        case .sha1: Self.sha1Method
        case .sha256: Self.sha256Method
        case .sha512: Self.sha512Method
        }
    }

    // Never changed and never freed.
    private nonisolated(unsafe) static let md5Method = fetch("MD5")
    private nonisolated(unsafe) static let sha1Method = fetch("SHA1")
    private nonisolated(unsafe) static let sha256Method = fetch("SHA256")
    private nonisolated(unsafe) static let sha512Method = fetch("SHA512")

    private static func fetch(_ name: String) -> OpaquePointer? {
        Library.isReady ? EVP_MD_fetch(nil, name, nil) : nil
    }
}

/// A hash of bytes that come piece by piece.
package final class RunningHash {
    private let context: OpaquePointer
    private let size: Int

    package init(_ function: HashFunction) throws {
        guard let method = function.method, let context = EVP_MD_CTX_new() else {
            throw CryptographyError("no \(function) here")
        }
        self.context = context
        size = Int(EVP_MD_get_size(method))
        guard EVP_DigestInit_ex(context, method, nil) == 1 else { throw CryptographyError("\(function)") }
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: [UInt8]) throws {
        guard EVP_DigestUpdate(context, bytes, bytes.count) == 1 else { throw CryptographyError("hashing") }
    }

    /// To be called once, at the end.
    package func finish() throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: size)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw CryptographyError("the end of a hash") }
        return digest
    }
}
