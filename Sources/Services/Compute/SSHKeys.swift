import Cryptography
import Foundation
package import Model

/// OpenSSH public keys (RFC 4253, section 6.6).
package enum SSHKeys {
    private enum Part { case text, number, bytes(ClosedRange<Int>) }

    /// What follows the type in a key's bytes, each part with its length before it.
    private static let types: [String: [Part]] = [
        "ssh-rsa": [.number, .number], "ssh-dss": [.number, .number, .number, .number],
        "ssh-ed25519": [.bytes(32...32)], "sk-ssh-ed25519@openssh.com": [.bytes(32...32), .text],
        "ecdsa-sha2-nistp256": [.text, .bytes(65...65)], "ecdsa-sha2-nistp384": [.text, .bytes(97...97)],
        "ecdsa-sha2-nistp521": [.text, .bytes(133...133)],
        "sk-ecdsa-sha2-nistp256@openssh.com": [.text, .bytes(65...65), .text],
    ]

    /// One key a line; empty lines and those that begin with `#` are passed over. Blanks are what Unicode takes for
    /// them, for keys are pasted from web pages too. Options before a key are refused: whoever imports a key does not
    /// choose what `authorized_keys` does with it.
    package static func parse(_ text: String) throws -> [PublicKey] {
        var keys: [PublicKey] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (at, line) in lines.enumerated() {
            let words = line.split(maxSplits: 2, whereSeparator: isBlank).map(String.init)
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            do throws(Flaw) {
                keys.append(try key(words))
            } catch {
                throw CloudError.badRequest(
                    "Keypair data is invalid: failed to generate fingerprint of line \(at + 1) of \(lines.count): "
                        + "\(error.reason).")
            }
        }
        guard !keys.isEmpty else { throw CloudError.badRequest("Keypair data is invalid: it holds no key.") }
        return keys
    }

    private struct Flaw: Error {
        let reason: String
    }

    private static func key(_ words: [String]) throws(Flaw) -> PublicKey {
        guard let parts = types[words[0]] else {
            throw Flaw(reason: "'\(words[0].prefix(40))' is no type of key; a line is type, key and comment")
        }
        guard words.count >= 2, let blob = Data(base64Encoded: words[1]) else {
            throw Flaw(reason: "what follows the type is no Base64")
        }
        guard isWhole(blob, [.text] + parts, named: words[0]) else {
            throw Flaw(reason: "the bytes are no whole \(words[0]) key")
        }
        let comment = words.count > 2 ? words[2].trimmingCharacters(in: blanks) : ""
        guard !comment.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\t" })
        else {
            throw Flaw(reason: "the comment holds a control character")
        }
        do {
            let fingerprint = try fingerprint(Array(blob))
            return PublicKey(
                line: (words.prefix(2) + [comment]).filter { !$0.isEmpty }.joined(separator: " "),
                fingerprint: fingerprint)
        } catch {
            throw Flaw(reason: "\(error)")
        }
    }

    /// A byte order mark is a blank too.
    private static let blanks = CharacterSet.whitespaces.union(CharacterSet(charactersIn: "\u{FEFF}"))

    private static func isBlank(_ character: Character) -> Bool {
        character.unicodeScalars.allSatisfy(blanks.contains)
    }

    /// Whether the bytes are these parts and nothing else; the first one is the key's own name of its type, and a text
    /// that follows it the curve.
    private static func isWhole(_ blob: Data, _ parts: [Part], named type: String) -> Bool {
        var rest = blob[...]
        for (at, part) in parts.enumerated() {
            guard rest.count >= 4 else { return false }
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length <= rest.count - 4 else { return false }
            let found = rest.dropFirst(4).prefix(length)
            rest = rest.dropFirst(4 + length)
            switch part {
            case .text:
                guard let text = String(validating: found, as: UTF8.self), !text.isEmpty else { return false }
                if at == 0, text != type { return false }
                if at == 1, !type.prefix(while: { $0 != "@" }).hasSuffix("-\(text)") { return false }
            case .number: if found.isEmpty || found[found.startIndex] & 0x80 != 0 { return false }
            case .bytes(let size): if !size.contains(length) { return false }
            }
        }
        return rest.isEmpty
    }

    /// MD5 with colons, as Nova shows it.
    package static func fingerprint(_ bytes: [UInt8]) throws -> String {
        colonedHexDigits(try HashFunction.md5.hash(bytes))
    }

    /// An RSA key of 2,048 bits: the public line and the private key as PEM.
    static func generate(comment: String) throws -> KeyMaker.Pair {
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
