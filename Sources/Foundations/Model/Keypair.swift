/// A named key of a user. One import may hold several public keys.
package struct Keypair: Sendable, Equatable {
    /// `user/name`.
    package var key: String
    package var userID: UserID
    package var name: String
    /// `ssh` or `x509`.
    package var type: String = "ssh"
    /// As imported.
    package var publicKey: String
    /// MD5 of the first key or SHA-1 of the certificate, colon-separated: what Nova shows.
    package var fingerprint: String
    /// Each key by itself.
    package var keys: JSONText<[PublicKey]>
    package var createdAt: Timestamp
    /// By which Nova's API shows it beside its name.
    package var number: Int

    package init(
        key: String, userID: UserID, name: String, type: String = "ssh", publicKey: String, fingerprint: String,
        keys: JSONText<[PublicKey]>, createdAt: Timestamp, number: Int = 0
    ) {
        self.key = key
        self.userID = userID
        self.name = name
        self.type = type
        self.publicKey = publicKey
        self.fingerprint = fingerprint
        self.keys = keys
        self.createdAt = createdAt
        self.number = number
    }

    package static func key(_ user: UserID, _ name: String) -> String { "\(user)/\(name)" }
}

package struct PublicKey: Codable, Sendable, Equatable {
    /// One line: type, base64, comment. Of a certificate its PEM text.
    package var line: String
    package var fingerprint: String
    /// `x509` for a certificate.
    package var type: String?

    /// As guests read it, with a newline at its end.
    package var text: String { line.hasSuffix("\n") ? line : line + "\n" }

    package init(line: String, fingerprint: String, type: String? = nil) {
        self.line = line
        self.fingerprint = fingerprint
        self.type = type
    }
}
