import Foundation
import Model
import Testing

@testable import Identity

/// Passwords and tokens that were made elsewhere, by the formats alone, stay good.
@Suite struct StoredSecretTests {
    @Test func storedPasswordsStayGood() async throws {
        let passwords = Passwords()
        let dear = "scrypt$32768$AAECAwQFBgcICQoLDA0ODw==$XGYmKKxOsQaKKH4qoqICriSOmNsE1h0zJ+c0LbbscJc="
        let cheap = "scrypt$1024$AAECAwQFBgcICQoLDA0ODw==$WTvqrLx0Opq6JKwNI+byOxBPVZ74iR4j1g2LY6epUnE="
        #expect(try await passwords.verify("correct horse", against: dear, .known("u")))
        #expect(try await !passwords.verify("correct horsf", against: dear, .known("u")))
        #expect(try await passwords.verify("gr\u{fc}n", against: cheap, .known("u")))
        #expect(try await !passwords.verify("", against: cheap, .known("u")))
        #expect(try await !passwords.verify("any", against: nil, .known("u")))
    }

    @Test func aFreshHashIsVerified() async throws {
        let passwords = Passwords(cost: .init(rounds: 16))
        let stored = try await passwords.hash("secret", .known("u"))
        #expect(stored.hasPrefix("scrypt$16$"))
        #expect(try await passwords.verify("secret", against: stored, .known("u")))
        #expect(try await !passwords.verify("Secret", against: stored, .known("u")))
        #expect(try await passwords.hash("secret", .known("u")) != stored)
    }

    @Test func aTokenOfAKnownKeyIsRead() throws {
        let codec = TokenCodec(keys: [("k2", [1]), ("k1", Array(0..<32))])
        let token =
            "nv1.k1.dTF8M3xwOnAxfHBhc3N3b3JkfGF1ZGl0fDEwMDAwMDB8NDEwMjQ0NDgwMDAwMDAwMA"
            + ".FGBJAbS1VhyPg0hqKuUjsgqfaTtKt1N5zYah4q7WvSc"
        let claims = try #require(try codec.read(token))
        #expect(claims.userID == UserID("u1") && claims.userEpoch == 3 && claims.scope == .project(ProjectID("p1")))
        #expect(try TokenCodec(keys: [("k1", Array(0..<32))]).sign(claims) == token)
        #expect(try codec.read(token.replacing("nv1.k1.dTF8M3", with: "nv1.k1.dTF8M4")) == nil)
        #expect(try codec.read(token.replacing("nv1.k1", with: "nv1.k2")) == nil)
        #expect(try codec.read(String(token.dropLast())) == nil)
        #expect(try codec.read("") == nil)
    }
}
