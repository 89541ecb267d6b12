import COpenSSL

/// What libcrypto could not do, with its own reason.
package struct CryptographyError: Error, CustomStringConvertible {
    package let description: String

    /// Takes the reason from the library's queue, which is the thread's.
    init(_ task: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &text, text.count)
        let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        description = code == 0 ? task : "\(task): \(reason)"
    }
}

enum Library {
    /// To be read before the first other call. At the process's end nothing is cleaned up under threads that still
    /// hash or make keys.
    static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    /// What a call writes, which answers 1 when it has; the memory between is wiped.
    static func written(_ task: String, _ write: (OpaquePointer) -> Int32) throws -> [UInt8] {
        guard let memory = BIO_new(BIO_s_secmem()) else { throw CryptographyError("no memory for \(task)") }
        defer { BIO_free(memory) }
        guard write(memory) == 1 else { throw CryptographyError(task) }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(memory))
        guard BIO_read(memory, &bytes, Int32(bytes.count)) == Int32(bytes.count) else { throw CryptographyError(task) }
        return bytes
    }
}

/// The bytes as lower-case hexadecimal digits, two each.
package func hexDigits(_ bytes: some Sequence<UInt8>) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.underestimatedCount * 2)
    for byte in bytes {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

/// Pairs of hexadecimal digits with colons between them, as fingerprints are shown.
package func colonedHexDigits(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { hexDigits([$0]) }.joined(separator: ":")
}
