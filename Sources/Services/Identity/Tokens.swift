import Cryptography
import Foundation
package import Model

/// What a token says. Roles are not in it: they are looked up, so that removing one bites at once.
package struct TokenClaims: Sendable, Equatable {
    package var userID: UserID
    /// The sum of the epochs of the user, the scope and their domains when it was given.
    package var userEpoch: Int
    package var scope: Caller.Scope
    package var methods: [String]
    package var auditID: String
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp
    /// The application credential by which it was got.
    package var credentialID: ApplicationCredentialID?
    /// The trust under which it was got.
    package var trustID: TrustID?
}

extension TokenClaims {
    var delegation: Caller.Delegation {
        trustID.map { .trust($0) } ?? (credentialID == nil ? .none : .applicationCredential)
    }
}

/// Signs and reads tokens: `nv1.<key id>.<claims>.<HMAC-SHA256>`, all URL-safe.
struct TokenCodec: Sendable {
    /// Newest first; the first signs, all verify.
    var keys: [(id: String, key: [UInt8])]

    func sign(_ claims: TokenClaims) throws -> String {
        guard let (id, key) = keys.first else { throw CloudError(.internal, "There is no key to sign tokens with.") }
        let body = "nv1.\(id).\(Base64URL.encode(Data(claims.text.utf8)))"
        let code = try Secrets.authenticationCode(Array(body.utf8), key: key)
        return body + "." + Base64URL.encode(Data(code))
    }

    /// `nil` when the text is no token of ours; expiry and revocation are not looked at.
    func read(_ token: String) throws -> TokenClaims? {
        guard token.utf8.count < 2048, let dot = token.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let body = token[..<dot]
        let parts = body.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Substring.init)
        guard parts.count == 3, parts[0] == "nv1", let key = keys.first(where: { $0.id == parts[1] })?.key,
            let code = Base64URL.decode(token[token.index(after: dot)...]),
            Secrets.areEqual(try Secrets.authenticationCode(Array(body.utf8), key: key), Array(code)),
            let claims = Base64URL.decode(parts[2])
        else { return nil }
        return TokenClaims(text: String(decoding: claims, as: UTF8.self))
    }
}

/// RFC 4648, section 5, without padding.
enum Base64URL {
    static func encode(_ data: Data) -> String {
        let standard = data.base64EncodedString().utf8.lazy.filter { $0 != UInt8(ascii: "=") }
        return String(
            decoding: standard.map { byte in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: byte
                }
            }, as: UTF8.self)
    }

    static func decode(_ text: some StringProtocol) -> Data? {
        var standard = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
        return Data(base64Encoded: Data(standard))
    }
}

extension TokenClaims {
    fileprivate var text: String {
        let scopeText =
            switch scope {
            case .unscoped: "u:"
            case .project(let id): "p:\(id)"
            case .domain(let id): "d:\(id)"
            case .system: "s:"
            }
        let parts = [
            userID.text, String(userEpoch), scopeText, methods.joined(separator: ","), auditID,
            String(issuedAt.microseconds), String(expiresAt.microseconds),
        ]
        var delegation: [String] = []
        if credentialID != nil || trustID != nil { delegation.append(credentialID?.text ?? "") }
        if let trustID { delegation.append(trustID.text) }
        return (parts + delegation).joined(separator: "|")
    }

    fileprivate init?(text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard (7...9).contains(parts.count), let epoch = Int(parts[1]), let issued = Int64(parts[5]),
            let expires = Int64(parts[6])
        else { return nil }
        let scopeID = String(parts[2].dropFirst(2))
        switch parts[2].prefix(2) {
        case "u:": scope = .unscoped
        case "p:": scope = .project(ProjectID(scopeID))
        case "d:": scope = .domain(DomainID(scopeID))
        case "s:": scope = .system
        default: return nil
        }
        userID = UserID(parts[0])
        userEpoch = epoch
        methods = parts[3].split(separator: ",").map(String.init)
        auditID = parts[4]
        issuedAt = Timestamp(microseconds: issued)
        expiresAt = Timestamp(microseconds: expires)
        credentialID = parts.count > 7 && !parts[7].isEmpty ? ApplicationCredentialID(parts[7]) : nil
        trustID = parts.count > 8 ? TrustID(parts[8]) : nil
    }
}
