import COpenSSL

/// An X.509 certificate that someone else made.
package struct Certificate: Sendable {
    /// Its bytes as they were signed.
    package let der: [UInt8]

    /// The certificate that a PEM text begins with; prose before it and whatever comes behind it are passed over.
    /// - Throws: when the text's first block is something else, or no certificate by its bytes.
    package init(pem: String) throws {
        let text = Array(pem.utf8)
        guard Library.isReady, let length = Int32(exactly: text.count), let memory = BIO_new(BIO_s_mem()) else {
            throw CryptographyError("no memory for a certificate")
        }
        defer { BIO_free(memory) }
        guard BIO_write(memory, text, length) == length else { throw CryptographyError("the text is no PEM") }
        var label: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard PEM_read_bio(memory, &label, &header, &bytes, &count) == 1, let label, let header, let bytes else {
            throw CryptographyError("the text is no PEM")
        }
        defer {
            for memory in [UnsafeMutableRawPointer(label), .init(header), .init(bytes)] { CRYPTO_free(memory, "", 0) }
        }
        guard ["CERTIFICATE", "X509 CERTIFICATE"].contains(String(cString: label)), header.pointee == 0 else {
            throw CryptographyError("the text begins with a \(String(cString: label))")
        }
        der = Array(UnsafeBufferPointer(start: bytes, count: count))
        var rest: UnsafePointer<UInt8>? = UnsafePointer(bytes)
        guard let certificate = d2i_X509(nil, &rest, count) else { throw CryptographyError("no certificate") }
        X509_free(certificate)
        guard rest == UnsafePointer(bytes + count) else { throw CryptographyError("more than a certificate") }
    }

    /// The SHA-1 of its bytes, in pairs of digits with colons.
    package func fingerprint() throws -> String {
        colonedHexDigits(try HashFunction.sha1.hash(der))
    }
}
