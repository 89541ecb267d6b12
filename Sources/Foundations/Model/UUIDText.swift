/// UUIDs in their textual form (RFC 9562).
package enum UUIDText {
    private static let digits = Array("0123456789abcdef".utf8)

    /// A random (version 4) UUID: lower case, with dashes.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = generator.next() & 0xffff_ffff_ffff_0fff | 0x4000
        let low = generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return text(high: high, low: low)
    }

    /// A UUID of version 7 (RFC 9562): the time, its twelve bits behind the milliseconds too (the RFC's method 3), then
    /// 62 random bits. Rows with such keys come to stand side by side, so that new ones change few pages of an index.
    package static func ordered(at time: Timestamp) -> String {
        var generator = SystemRandomNumberGenerator()
        let microseconds = UInt64(max(time.microseconds, 0))
        let fraction = microseconds % 1000 * 4096 / 1000
        let high = (microseconds / 1000) << 16 | 0x7000 | fraction
        let low = generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return text(high: high, low: low)
    }

    package static func text(high: UInt64, low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let word = nibble < 16 ? high : low
                buffer[at] = digits[Int(word >> UInt64(60 - 4 * (nibble % 16)) & 0xf)]
                at += 1
            }
            return at
        }
    }

    /// A valid UUID in lower case and with dashes, whatever it had.
    package static func dashed(_ text: String) -> String {
        let digits = text.lowercased().filter { $0 != "-" }
        guard digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        else { return text }
        return self.text(high: high, low: low)
    }

    /// Whether the text is a UUID as OpenStack clients write it: 32 hexadecimal digits, dashes optional.
    package static func isValid(_ text: String) -> Bool {
        var count = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                count += 1
            default: return false
            }
        }
        return count == 32
    }
}
