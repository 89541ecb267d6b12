import Testing

@testable import Cryptography

/// Published test vectors: what was stored by another library stays readable.
@Suite struct VectorTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// RFC 1321, A.5; FIPS 180-4's examples.
    @Test(
        arguments: [
            (HashFunction.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
            (.md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
            (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha512, "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            ),
        ])
    func hashes(_ function: HashFunction, _ text: String, _ digest: String) throws {
        #expect(hexDigits(try function.hash(Self.bytes(text))) == digest)
        let running = try RunningHash(function)
        for byte in text.utf8 {
            try running.update([byte])
            try running.update([])
        }
        #expect(hexDigits(try running.finish()) == digest)
    }

    /// RFC 4231, 4.2, 4.3 and 4.7.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func authenticationCodes(_ key: [UInt8], _ message: String, _ code: String) throws {
        #expect(hexDigits(try Secrets.authenticationCode(Self.bytes(message), key: key)) == code)
    }

    @Test func anEmptyKeyAndAnEmptyMessageHaveACode() throws {
        let code = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        #expect(hexDigits(try Secrets.authenticationCode([], key: [])) == code)
    }

    /// RFC 7914, 12.
    @Test(
        arguments: [
            (
                "", "", Scrypt(rounds: 16, blockSize: 1),
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                    + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            ),
            (
                "password", "NaCl", Scrypt(rounds: 1024, parallelism: 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                    + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", Scrypt(rounds: 16384),
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                    + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ])
    func scrypt(_ password: String, _ salt: String, _ cost: Scrypt, _ key: String) throws {
        let made = try cost.key(of: Self.bytes(password), salt: Self.bytes(salt), count: 64)
        #expect(hexDigits(made) == key)
    }

    @Test(arguments: [Int.min, -1, 0, 1, 1023, Int.max])
    func scryptRefusesOtherRounds(_ rounds: Int) {
        #expect(throws: CryptographyError.self) { try Scrypt(rounds: rounds).key(of: [1], salt: [2], count: 32) }
    }

    @Test func secretsAreComparedWhole() {
        #expect(Secrets.areEqual([], []))
        #expect(Secrets.areEqual([1, 2], [1, 2]))
        #expect(!Secrets.areEqual([1, 2], [1, 3]))
        #expect(!Secrets.areEqual([1, 2], [1]))
        #expect(Secrets.random(32).count == 32)
        #expect(Secrets.random(32) != Secrets.random(32))
    }
}
