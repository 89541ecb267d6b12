import Glibc
import Model
import Testing
import TestSupport

/// What the C library makes of a text: the family and the bytes as one number.
private func libraryReading(_ text: String) -> IPAddress? {
    for (version, family) in [(4, AF_INET), (6, AF_INET6)] {
        var bytes = [UInt8](repeating: 0, count: version == 4 ? 4 : 16)
        if inet_pton(family, text, &bytes) == 1 {
            return IPAddress(version: version, number: bytes.reduce(0) { $0 << 8 | UInt128($1) })
        }
    }
    return nil
}

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
        ("2001:DB8::0001", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("::ffff:192.0.2.1", "::ffff:c000:201"), ("fe80::", "fe80::"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ])
    func writesWhatRFC5952Says(text: String, canonical: String) throws {
        #expect(try #require(IPAddress(text)).description == canonical)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", "1..2.3", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "12345::", "g::", "fe80::1%eth0", "::1.2.3", "1.2.3.4::",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:", "::-1", "::+1", "１.2.3.4", "1:2:3:4:5:6:7::8", ":::1",
    ])
    func refusesWhatIsNoAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func everyNumberComesBackFromItsText() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<5000 {
            let v4 = IPAddress(version: 4, number: UInt128(UInt32.random(in: 0...(.max), using: &random)))
            #expect(IPAddress(v4.description) == v4)
            // Groups of zeros are what the short form is about.
            let groups = (0..<8).map { _ in
                Bool.random(using: &random) ? 0 : UInt16.random(in: 0...(.max), using: &random)
            }
            let v6 = IPAddress(version: 6, number: groups.reduce(0) { $0 << 16 | UInt128($1) })
            #expect(IPAddress(v6.description) == v6)
            #expect(libraryReading(v6.description) == v6)
            #expect(v6.description == libraryText(v6))
        }
    }

    /// The C library's short form, but for addresses that it writes with an IPv4 tail.
    private func libraryText(_ address: IPAddress) -> String {
        var bytes = (0..<16).map { UInt8(truncatingIfNeeded: address.number >> UInt128(120 - 8 * $0)) }
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(AF_INET6, &bytes, &text, 64) != nil else { return "" }
        let written = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return written.contains(".") ? address.description : written
    }

    @Test func readsJustWhatTheLibraryReads() {
        var random = SeededGenerator(seed: 2)
        let seeds = [
            "1.2.3.4", "192.168.0.255", "::", "::1", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1",
            "2001:db8::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "a::b:0:0:c",
        ]
        let alphabet = Array("0123456789abcdefAF:::...xg %/+-")
        for round in 0..<40_000 {
            var text = Array(seeds[round % seeds.count])
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0...text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text.insert(alphabet.randomElement(using: &random) ?? ":", at: at)
                case 1: if at < text.count { text.remove(at: at) }
                default: if at < text.count { text[at] = alphabet.randomElement(using: &random) ?? ":" }
                }
            }
            let candidate = String(text)
            #expect(IPAddress(candidate) == libraryReading(candidate), "\(candidate)")
        }
    }

    @Test func ordersByVersionThenNumber() {
        let texts = ["0.0.0.1", "9.0.0.0", "10.0.0.0", "255.255.255.255", "::", "::2", "1::"]
        #expect(texts.compactMap { IPAddress($0) }.shuffled().sorted().map(\.description) == texts)
    }
}

@Suite struct CIDRTests {
    @Test(arguments: [
        ("10.1.2.3/8", "10.0.0.0/8", "10.255.255.255"), ("10.0.0.0/32", "10.0.0.0/32", "10.0.0.0"),
        ("10.1.2.3/0", "0.0.0.0/0", "255.255.255.255"), ("192.0.2.77", "192.0.2.77/32", "192.0.2.77"),
        ("2001:db8::1/64", "2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff"),
        ("1::/0", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("::1/128", "::1/128", "::1"),
    ])
    func clearsTheBitsBehindThePrefix(text: String, canonical: String, last: String) throws {
        let cidr = try #require(CIDR(text))
        #expect(cidr.description == canonical)
        #expect(cidr.last.description == last)
        #expect(CIDR(text, strict: true) == (text.hasPrefix(canonical) || !text.contains("/") ? cidr : nil))
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129", "10.0.0/8",
        "10.0.0.0/ 8", "/8", "10.0.0.0/-0", "::/-0", "10.0.0.0/+0", "10.0.0.0/0008",
    ])
    func refusesWhatIsNoPrefix(text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test func containsWhatLiesBetweenFirstAndLast() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let isOld = Bool.random(using: &random)
            let bits = isOld ? 32 : 128
            let length = Int.random(in: 0...bits, using: &random)
            func address() -> IPAddress {
                let number = UInt128.random(in: 0...(.max), using: &random)
                return IPAddress(version: isOld ? 4 : 6, number: isOld ? number >> 96 : number)
            }
            let base = address()
            let cidr = try #require(CIDR("\(base)/\(length)"))
            #expect(cidr.contains(base) && cidr.contains(cidr.first) && cidr.contains(cidr.last))
            // Two addresses share a prefix just when they are equal without the other bits.
            var other = address()
            if Bool.random(using: &random) {
                other.number = base.number ^ ((UInt128(1) << UInt128(bits - length)) >> 1)
            }
            let shift = UInt128(bits - length)
            let isSame = shift == 128 || base.number >> shift == other.number >> shift
            #expect(cidr.contains(other) == isSame, "\(cidr) \(other)")
            #expect(try cidr.overlaps(#require(CIDR("\(other)/\(bits)"))) == isSame)
        }
    }

    @Test func coversShorterPrefixesOfItsOwn() throws {
        let prefix = try #require(CIDR("10.0.0.0/24"))
        for (text, isCovered) in [
            ("10.0.0.0/24", true), ("10.0.0.7", true), ("10.0.0.128/25", true), ("10.0.0.0/23", false),
            ("10.0.1.0/25", false), ("::/0", false), ("::a00:0/128", false),
        ] {
            #expect(prefix.contains(try #require(CIDR(text))) == isCovered, "\(text)")
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "255.0.0.0"), ("10.0.0.1", "255.255.255.255"), ("0.0.0.0/0", "0.0.0.0"),
        ("2001:db8::/64", "ffff:ffff:ffff:ffff::"),
    ])
    func hasANetmask(text: String, netmask: String) {
        #expect(CIDR(text)?.netmask.description == netmask)
    }

    @Test func neverMixesVersions() throws {
        let old = try #require(CIDR("0.0.0.0/0"))
        let new = try #require(CIDR("::/0"))
        #expect(!old.overlaps(new) && !new.contains(old.first) && !old.contains(new.first))
    }
}
