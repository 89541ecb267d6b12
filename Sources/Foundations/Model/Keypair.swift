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
    /// MD5 of the first key, colon-separated: what Nova shows.
    package var fingerprint: String
    /// Each key by itself.
    package var keys: JSONText<[PublicKey]>
    package var createdAt: Timestamp

    package init(
        key: String, userID: UserID, name: String, type: String = "ssh", publicKey: String, fingerprint: String,
        keys: JSONText<[PublicKey]>, createdAt: Timestamp
    ) {
        self.key = key
        self.userID = userID
        self.name = name
        self.type = type
        self.publicKey = publicKey
        self.fingerprint = fingerprint
        self.keys = keys
        self.createdAt = createdAt
    }

    package static func key(_ user: UserID, _ name: String) -> String { "\(user)/\(name)" }
}

package struct PublicKey: Codable, Sendable, Equatable {
    /// One line: type, base64, comment.
    package var line: String
    package var fingerprint: String

    package init(
        line: String, fingerprint: String
    ) {
        self.line = line
        self.fingerprint = fingerprint
    }
}
