import COpenSSL

/// A fresh RSA key.
package struct RSAKey: Sendable {
    /// Big-endian, without leading zeros.
    package let modulus: [UInt8]
    package let publicExponent: [UInt8]
    /// PKCS #1, as `BEGIN RSA PRIVATE KEY`.
    package let privatePEM: String

    package static func generate(bits: Int32) throws -> RSAKey {
        let key = try generatePair(bits: bits)
        defer { EVP_PKEY_free(key) }
        return RSAKey(
            modulus: try number(OSSL_PKEY_PARAM_RSA_N, of: key),
            publicExponent: try number(OSSL_PKEY_PARAM_RSA_E, of: key), privatePEM: try pem(key))
    }

    /// To be freed by the caller.
    static func generatePair(bits: Int32) throws -> OpaquePointer {
        guard Library.isReady, let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else {
            throw CryptographyError("no RSA here")
        }
        defer { EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1,
            EVP_PKEY_generate(context, &made) == 1, let key = made
        else { throw CryptographyError("an RSA key of \(bits) bits") }
        return key
    }

    private static func number(_ name: String, of key: OpaquePointer) throws -> [UInt8] {
        var found: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &found) == 1, let number = found else {
            throw CryptographyError("the \(name) of an RSA key")
        }
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
        BN_bn2bin(number, &bytes)
        return bytes
    }

    private static func pem(_ key: OpaquePointer) throws -> String {
        let text = try Library.written("a key as PEM") {
            PEM_write_bio_PrivateKey_traditional($0, key, nil, nil, 0, nil, nil)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
