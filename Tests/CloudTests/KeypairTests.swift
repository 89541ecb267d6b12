import Cloud
import Compute
import Cryptography
import Foundation
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

    /// As keys come from web pages, files of Windows and `authorized_keys`.
    @Test func pastedKeysAreUnderstood() async throws {
        try await CloudFixture.run { fixture in
            let member = fixture.people.member
            let (one, two) = (key(1), key(2))
            let text =
                "\u{FEFF}# mine\r\n\r\nssh-ed25519\u{A0}\(one)\u{A0}me at home\u{3000}\r\n"
                + "   \n\tssh-ed25519 \t \(two)\r\n# end"
            let made = try await fixture.cloud.compute.importKeypair(
                "k", type: "ssh", publicKey: text, for: member.userID, by: member)
            #expect(try made.keys.value().map(\.line) == ["ssh-ed25519 \(one) me at home", "ssh-ed25519 \(two)"])
            #expect(made.publicKey == text)
            let first = try await fixture.cloud.compute.importKeypair(
                "first", type: "ssh", publicKey: "ssh-ed25519 \(one)", for: member.userID, by: member)
            #expect(made.fingerprint == first.fingerprint)
        }
    }

    @Test func aKeyThatIsNoneIsRefusedByItsLine() async throws {
        let short = Data(key(3).utf8.dropLast(4)).base64EncodedString()
        try await CloudFixture.run { fixture in
            let member = fixture.people.member
            for (line, reason) in [
                ("ssh-ed448 \(key(1))", "no type of key"), ("ssh-ed25519", "no Base64"),
                ("ssh-ed25519 %%%", "no Base64"),
                ("ssh-ed25519 \(short)", "no whole ssh-ed25519 key"), ("ssh-rsa \(key(1))", "no whole ssh-rsa key"),
                ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==", "no whole ssh-ed25519 key"),
                ("from=\"10.0.0.1\" ssh-ed25519 \(key(1))", "no type of key"),
                ("ssh-ed25519 \(key(1)) a\u{7}b", "control character"),
            ] {
                let error = await #expect(throws: CloudError.self) {
                    try await fixture.cloud.compute.importKeypair(
                        "k", type: "ssh", publicKey: "ssh-ed25519 \(key(1))\r\n\r\n\(line)\r\n", for: member.userID,
                        by: member)
                }
                #expect(error?.kind == .badRequest && error?.message.contains("line 3 of 4") == true, "\(line)")
                #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
            }
        }
    }

    /// Of OpenSSH's own making, one of each type.
    @Test(
        arguments: [
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIdbPhrtp+Guxz8+C3OoEj7y"
                + "N56/8J6OtfZDl8xAcVDjOtMhK15sZRD1UHVS2eVcTLhLQeh3Tpdhmm11L7U8NW4=",
            "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBCI9KnjoOGMfMTLXhLZpZzmr"
                + "RpZEOwCpStw4wxM0NBflsHYqQ4ltExSI2F6XiEVC2zDrtXy9kVR1uDBytjktx98V+zqYYnVuPOiZX3OzW1pFu2jdhgryyHrf"
                + "gPfSqdS40A==",
            "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAAoL1GluJpOAEylUj0t6lKI"
                + "xoxbaR5hfygd5oOJ/KPdpXH1iF11E9hilZ1r0vV53Q8LQ/h746sBhYXdyjKa5l4mrABKvNelvlpIpMsw9ujZdBJ34sIUiQjd"
                + "/nlwDYKx9Q07cPj7EHqw3coSFsRrPUClVzsGbq3YBNmt5PVL46Ugy/KkBA==",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDJ1ds1gjselIHpijI5Fs0KvfQ/5KTVILngT2lWWmx4a7sCizasI+0/5ETi"
                + "V0BAPi+EBADcgqtjZ81qT7c4bLgETnAW3JbhsQHgronV1MsuS8WWLy4jaaxz+xk6IBuwA4vgfd4XP8bQyNU9vLbMRRISR4Yw"
                + "a6jVZsSplnzgaiD3Iw==",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF4CwFksyknI0YfV9RPGB8H0Tswpsp1oeMFocBuLGfP+",
        ])
    func everyTypeOfKeyIsTaken(_ line: String) throws {
        #expect(try SSHKeys.parse(line + " me").map(\.line) == [line + " me"])
    }

    @Test func aCertificateIsMade() async throws {
        try await CloudFixture.run { fixture in
            func create(_ members: String, version: String = "2.10", as role: People.Role = .member) async throws
                -> Answer
            {
                try await fixture.request(
                    .post, "/compute/v2.1/os-keypairs", as: role, version: version,
                    json: #"{"keypair": {\#(members), "type": "x509"}}"#)
            }
            let made = try await create(#""name": "c""#)
            #expect(made.status == 201 && made.text("keypair.type") == "x509", "\(made)")
            let pem = made.text("keypair.public_key")
            #expect(try Certificate(pem: pem).fingerprint() == made.text("keypair.fingerprint"))
            #expect(Data(base64Encoded: made.text("keypair.private_key"))?.first == 0x30)
            let shown = try await fixture.request(.get, "/compute/v2.1/os-keypairs/c", version: "2.10")
            #expect(shown.text("keypair.public_key") == pem && shown.at("keypair.private_key") == nil, "\(shown)")
            #expect(try await create(#""name": "d""#, version: "2.1").status == 400)
            #expect(try await create(#""name": "d""#, version: "2.92").status == 400)
            let long = String(repeating: "u", count: 65)
            let refused = try await create(#""name": "d", "user_id": "\#(long)""#, as: .admin)
            #expect(refused.status == 400 && "\(refused)".contains("64 characters"), "\(refused)")
        }
    }

    @Test func administratorsKeepTheKeysOfOthers() async throws {
        try await CloudFixture.run { fixture in
            let owner = fixture.people.member.userID
            func send(
                _ method: HTTPRequest.Method, _ path: String, as role: People.Role, version: String = "2.10",
                json: String? = nil
            ) async throws -> Answer {
                try await fixture.request(
                    method, "/compute/v2.1/os-keypairs\(path)", as: role, version: version, json: json)
            }
            let body = #"{"keypair": {"name": "k", "public_key": "ssh-ed25519 \#(key(1))", "user_id": "\#(owner)"}}"#
            #expect(try await send(.post, "", as: .stranger, json: body).status == 403)
            #expect(try await send(.post, "", as: .admin, version: "2.9", json: body).status == 400)
            let made = try await send(.post, "", as: .admin, json: body)
            #expect(made.status == 201 && made.text("keypair.user_id") == owner.text, "\(made)")
            let named = "?user_id=\(owner)"
            for path in [named, "/k\(named)"] {
                #expect(try await send(.get, path, as: .admin).status == 200)
                #expect(try await send(.get, path, as: .member).status == 200)
                #expect(try await send(.get, path, as: .stranger).status == 403)
            }
            // Before 2.10 the parameter means nothing, and an empty one means the caller.
            #expect(try await send(.get, named, as: .stranger, version: "2.9").count("keypairs") == 0)
            #expect(try await send(.get, "?user_id=", as: .member).count("keypairs") == 1)
            #expect(try await send(.delete, "/k\(named)", as: .stranger).status == 403)
            #expect(try await send(.delete, "/k\(named)", as: .admin).status == 204)
            #expect(try await send(.get, "/k", as: .member).status == 404)
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

/// The bytes of an Ed25519 key, as text.
private func key(_ number: UInt8) -> String {
    let type: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8)
    return Data(type + [0, 0, 0, 32] + [UInt8](repeating: number, count: 32)).base64EncodedString()
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
