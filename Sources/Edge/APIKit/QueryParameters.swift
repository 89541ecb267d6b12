import Model

/// The query of an address, decoded as forms are: `+` is a space, `%` and two hexadecimal digits are a byte of UTF-8.
package struct QueryParameters: Sendable {
    private let pairs: [(name: String, value: String)]

    init(_ text: String) throws(CloudError) {
        var pairs: [(name: String, value: String)] = []
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? sides[1] : ""
            pairs.append((try Self.decoded(sides[0]), try Self.decoded(value)))
        }
        self.pairs = pairs
    }

    subscript(name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    /// The values of each name, in their order.
    package var grouped: [String: [String]] {
        pairs.reduce(into: [:]) { $0[$1.name, default: []].append($1.value) }
    }

    var names: Set<String> { Set(pairs.map(\.name)) }

    private init(_ pairs: [(name: String, value: String)]) {
        self.pairs = pairs
    }

    /// The same query with another value of `name`, or without it.
    package func with(_ name: String, _ value: String?) -> Self {
        var kept = pairs.filter { $0.name != name }
        if let value { kept.append((name, value)) }
        return Self(kept)
    }

    /// The query as text of an address.
    package var text: String {
        pairs.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
    }

    /// The text of the same query with another value of `name`, or without it.
    package func text(_ name: String, becomes value: String?) -> String { with(name, value).text }

    private static func decoded(_ text: Substring) throws(CloudError) -> String {
        let given = Array(text.utf8)
        guard given.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return String(text) }
        var bytes: [UInt8] = []
        var at = 0
        while at < given.count {
            if given[at] == UInt8(ascii: "%"), at + 2 < given.count, let high = digit(given[at + 1]),
                let low = digit(given[at + 2])
            {
                bytes.append(high << 4 | low)
                at += 3
            } else {
                bytes.append(given[at] == UInt8(ascii: "+") ? UInt8(ascii: " ") : given[at])
                at += 1
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw CloudError.badRequest("The query holds '\(text.prefix(80))', which is not UTF-8 when decoded.")
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if isPlain(byte) {
                encoded.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    /// What stands for itself everywhere in an address (RFC 3986, 2.3).
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
