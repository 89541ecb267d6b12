import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct KeypairTests {
    @Test func theProjectsLimitCountsForEachUser() async throws {
        try await CloudFixture.run { fixture async throws in
            try await fixture.cloud.compute.setQuotas(["key_pairs": 1], of: fixture.people.demo, force: true)
            func create(_ name: String) async throws -> Int {
                try await fixture.request(
                    .post, "/compute/v2.1/os-keypairs", as: .member, json: #"{"keypair": {"name": "\#(name)"}}"#
                ).status
            }
            #expect(try await create("one") == 200)
            #expect(try await create("two") == 403)
            try await fixture.cloud.compute.setQuotas(["key_pairs": -1], of: fixture.people.demo, force: true)
            #expect(try await create("two") == 200)
            #expect(try await create("two") == 409)
        }
    }

    /// Making keys is dear: one at a time, and no more than a few wait.
    @Test func aStormOfKeysIsBounded() async throws {
        try await CloudFixture.run { fixture async throws in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<80 {
                    group.addTask {
                        do {
                            _ = try await compute.generateKeypair("k\(number)", for: member.userID, by: member)
                            return false
                        } catch let error as CloudError where error.kind == .unavailable {
                            return true
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(refused > 0 && refused < 80)
            _ = try await compute.generateKeypair("after", for: member.userID, by: member)
        }
    }

    @Test func aGeneratedKeyIsOneForSSH() async throws {
        try await CloudFixture.run { fixture async throws in
            let member = fixture.people.member
            let (made, privateKey) = try await fixture.cloud.compute.generateKeypair(
                "k", for: member.userID, by: member)
            #expect(privateKey.hasPrefix("-----BEGIN RSA PRIVATE KEY-----\n") && privateKey.hasSuffix("-----\n"))
            #expect(made.publicKey.hasPrefix("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"))
            #expect(made.publicKey.hasSuffix(" Generated-by-Novella"))
            #expect(made.fingerprint.wholeMatch(of: /([0-9a-f]{2}:){15}[0-9a-f]{2}/) != nil)
            let imported = try await fixture.cloud.compute.importKeypair(
                "same", type: "ssh", publicKey: made.publicKey, for: member.userID, by: member)
            #expect(imported.fingerprint == made.fingerprint)
        }
    }

    @Test func aCertificateIsKnownByTheHashOfItsBytes() async throws {
        try await CloudFixture.run { fixture async throws in
            func create(_ name: String, _ text: String) async throws -> Answer {
                let text = text.replacing("\n", with: "\\n")
                return try await fixture.request(
                    .post, "/compute/v2.1/os-keypairs", as: .member, version: "2.2",
                    json: #"{"keypair": {"name": "\#(name)", "type": "x509", "public_key": "\#(text)"}}"#)
            }
            let made = try await create("good", certificate)
            #expect(made.status == 201, "\(made)")
            let fingerprint = made.text("keypair.fingerprint")
            #expect(fingerprint == "78:63:29:76:79:70:ee:07:34:9d:c1:78:9c:ca:74:ce:d1:55:7d:3d")
            for bad in ["ssh-rsa AAAA", certificate.replacing("MIIBhTCC", with: "MIIBhTCD")] {
                let refused = try await create("bad", bad)
                #expect(refused.status == 400, "\(refused)")
            }
        }
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
