import COpenSSL

/// A fresh RSA key with a certificate, signed by itself, by which a user logs in over TLS: its subject is the user, and
/// its alternative name the one that Windows looks for.
package struct LoginCertificate: Sendable {
    package let certificatePEM: String
    /// PKCS #12 with key and certificate, under the empty password.
    package let bundle: [UInt8]

    /// Longer ones have no place in a subject (X.520, `ub-common-name`).
    package static let nameLimit = 64
    private static let principalName = "1.3.6.1.4.1.311.20.2.3"

    /// - Parameters:
    ///   - name: The user, of at most `nameLimit` characters.
    ///   - principal: As `name@place`.
    package static func generate(
        name: String, principal: String, bits: Int32 = 2048, days: Int32 = 3650
    ) throws -> LoginCertificate {
        let key = try RSAKey.generatePair(bits: bits)
        defer { EVP_PKEY_free(key) }
        guard let certificate = X509_new() else { throw CryptographyError("no memory for a certificate") }
        defer { X509_free(certificate) }
        guard X509_set_version(certificate, Int(X509_VERSION_3)) == 1, X509_set_pubkey(certificate, key) == 1,
            X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nil,
            X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, nil) != nil
        else { throw CryptographyError("a certificate for \(days) days") }
        try number(certificate)
        try self.name(certificate, name)
        try add(
            OBJ_nid2obj(NID_client_auth).map { .init($0) }, in: EXTENDED_KEY_USAGE_new(), as: NID_ext_key_usage,
            to: certificate)
        try addPrincipal(principal, to: certificate)
        guard X509_sign(certificate, key, HashFunction.sha256.method) > 0 else {
            throw CryptographyError("signing a certificate")
        }
        return try LoginCertificate(key: key, certificate: certificate)
    }

    private init(key: OpaquePointer, certificate: OpaquePointer) throws {
        let pem = try Library.written("a certificate as PEM") { PEM_write_bio_X509($0, certificate) }
        certificatePEM = String(decoding: pem, as: UTF8.self)
        guard let bundle = PKCS12_create("", nil, key, certificate, nil, 0, 0, 0, 0, 0) else {
            throw CryptographyError("a PKCS #12")
        }
        defer { PKCS12_free(bundle) }
        self.bundle = try Library.written("a PKCS #12") { i2d_PKCS12_bio($0, bundle) }
    }

    /// A serial number that no other certificate has, not negative (RFC 5280, 4.1.2.2).
    private static func number(_ certificate: OpaquePointer) throws {
        guard let number = BN_new() else { throw CryptographyError("no memory for a number") }
        defer { BN_free(number) }
        guard BN_rand(number, 159, 0, 0) == 1,
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
        else { throw CryptographyError("the number of a certificate") }
    }

    /// The same subject and issuer.
    private static func name(_ certificate: OpaquePointer, _ text: String) throws {
        let bytes = Array(text.utf8)
        guard let name = X509_get_subject_name(certificate),
            X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0) == 1,
            X509_set_issuer_name(certificate, name) == 1
        else { throw CryptographyError("a certificate for \(text.prefix(80))") }
    }

    private static func addPrincipal(_ principal: String, to certificate: OpaquePointer) throws {
        let bytes = Array(principal.utf8)
        let failure = "the alternative name of a certificate"
        guard let name = GENERAL_NAME_new() else { throw CryptographyError(failure) }
        defer { GENERAL_NAME_free(name) }
        guard let kind = OBJ_txt2obj(principalName, 1), let value = ASN1_TYPE_new(), let text = ASN1_UTF8STRING_new(),
            ASN1_STRING_set(text, bytes, Int32(bytes.count)) == 1
        else { throw CryptographyError(failure) }
        ASN1_TYPE_set(value, V_ASN1_UTF8STRING, text)
        guard GENERAL_NAME_set0_othername(name, kind, value) == 1 else { throw CryptographyError(failure) }
        try add(name, in: GENERAL_NAMES_new(), as: NID_subject_alt_name, to: certificate)
    }

    /// An extension that is a list of one; the list keeps nothing of it.
    private static func add(
        _ entry: UnsafeMutableRawPointer?, in list: OpaquePointer?, as extensionID: Int32, to certificate: OpaquePointer
    ) throws {
        guard let list else { throw CryptographyError("no memory for a certificate") }
        defer { OPENSSL_sk_free(list) }
        guard let entry, OPENSSL_sk_push(list, entry) > 0,
            X509_add1_ext_i2d(certificate, extensionID, .init(list), 0, 0) == 1
        else { throw CryptographyError("an extension of a certificate") }
    }
}
