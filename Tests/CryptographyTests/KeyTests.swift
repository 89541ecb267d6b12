import COpenSSL
import Testing

@testable import Cryptography

@Suite struct KeyTests {
    @Test func anRSAKeyIsWhole() throws {
        let key = try RSAKey.generate(bits: 2048)
        #expect(key.modulus.count == 256 && key.modulus[0] >= 0x80)
        #expect(key.publicExponent == [1, 0, 1])
        #expect(key.privatePEM.hasPrefix("-----BEGIN RSA PRIVATE KEY-----\n"))
        #expect(key.privatePEM.hasSuffix("\n-----END RSA PRIVATE KEY-----\n"))
        #expect(try RSAKey.generate(bits: 2048).modulus != key.modulus)
    }

    /// Read back by OpenSSL: one key in both halves, for logging in, and named as Windows looks for it.
    @Test func aLoginCertificateIsWhole() throws {
        let made = try LoginCertificate.generate(name: "näme/x, y", principal: "näme/x, y@localhost")
        let memory = try #require(BIO_new_mem_buf(made.bundle, Int32(made.bundle.count)))
        defer { BIO_free(memory) }
        let bundle = try #require(d2i_PKCS12_bio(memory, nil))
        defer { PKCS12_free(bundle) }
        var (key, certificate): (OpaquePointer?, OpaquePointer?)
        #expect(PKCS12_parse(bundle, "", &key, &certificate, nil) == 1)
        defer {
            EVP_PKEY_free(key)
            X509_free(certificate)
        }
        #expect(X509_check_private_key(certificate, key) == 1 && X509_verify(certificate, key) == 1)
        #expect(EVP_PKEY_get_bits(key) == 2048 && X509_get_version(certificate) == 2)
        #expect(X509_get_extended_key_usage(certificate) == UInt32(XKU_SSL_CLIENT))
        let der = try Certificate(pem: made.certificatePEM).der
        let principal = Array("näme/x, y@localhost".utf8)
        #expect(der.indices.contains { der[$0...].starts(with: principal) })
        let other = try LoginCertificate.generate(name: "a", principal: "a@localhost")
        #expect(try Certificate(pem: other.certificatePEM).der != der)
        #expect(throws: CryptographyError.self) {
            try LoginCertificate.generate(name: String(repeating: "u", count: 65), principal: "u")
        }
        #expect(ERR_peek_error() == 0)
    }

    @Test func aKeyThatCannotBeMadeSaysWhy() {
        let error = #expect(throws: CryptographyError.self) { try RSAKey.generate(bits: 16) }
        #expect(error?.description.contains("key size too small") == true, "\(error?.description ?? "")")
        #expect(ERR_peek_error() == 0)
    }

    @Test func aCertificateHasTheFingerprintOfItsBytes() throws {
        let shown = "78:63:29:76:79:70:EE:07:34:9D:C1:78:9C:CA:74:CE:D1:55:7D:3D".lowercased()
        #expect(try Certificate(pem: certificate).fingerprint() == shown)
        #expect(try Certificate(pem: "Certificate:\n  Data: ...\n" + certificate).fingerprint() == shown)
        let windows = certificate.split(separator: "\n").joined(separator: "\r\n")
        #expect(try Certificate(pem: windows + "\r\n").fingerprint() == shown)
        #expect(try Certificate(pem: certificate + certificate).fingerprint() == shown)
    }

    @Test(
        arguments: [
            "", "ssh-ed25519 AAAA", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nMIIBhTCC\n-----END CERTIFICATE-----\n",
            certificate.replacing("MIIBhTCC", with: "MIIBhTCD"),
            certificate.replacing("CERTIFICATE", with: "PUBLIC KEY"),
            certificate.replacing("-----END", with: "AAAA\n-----END"), String(certificate.dropLast(40)),
            certificate.replacing("-----\nMII", with: "-----\nProc-Type: 4,ENCRYPTED\n\nMII"),
            String(repeating: "A", count: 1 << 20), "\0" + certificate.dropFirst(),
        ])
    func whatIsNoCertificateIsRefused(_ text: String) {
        #expect(throws: CryptographyError.self) { try Certificate(pem: text) }
        #expect(ERR_peek_error() == 0)
    }
}

/// Of P-256, self-signed.
private let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBhTCCASugAwIBAgIUYVjUr3G4Z0Uebk19J4W2+myD89swCgYIKoZIzj0EAwIw
    FzEVMBMGA1UEAwwMbm92ZWxsYS10ZXN0MCAXDTI2MTEyODIwMzU0NFoYDzIxMjYx
    MTA0MjAzNTQ0WjAXMRUwEwYDVQQDDAxub3ZlbGxhLXRlc3QwWTATBgcqhkjOPQIB
    BggqhkjOPQMBBwNCAASHujDL2JxmEUdqZYvvsIyx90YazEdWmaRFpi3xBESYrtiy
    o2KbaAyqKR+oSwFK8XXc264HpyPhsbKqkJIPlLTmo1MwUTAdBgNVHQ4EFgQUYU21
    f2v07b6h64c2Q2aYpFET1DYwHwYDVR0jBBgwFoAUYU21f2v07b6h64c2Q2aYpFET
    1DYwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAMptfzZFNxkUcD
    Cq6iAbh+M+DjcGvSnrqafKVR/PWMJwIhAPnMarBwYuPoYFtRywOJBuZvcubDVMgC
    PWxVsE3TDs+V
    -----END CERTIFICATE-----

    """
