import APIKit
import Model
import Wire

/// A server's `hostname` as users give it: one label from 2.90, a domain name from 2.94 (RFC 1123).
enum Hostname {
    static let member = Field(since: 90, "hostname")

    static func read(_ fields: inout Fields, at version: Microversion) throws(CloudError) -> String? {
        let isQualified = version >= Microversion(2, 94)
        guard let text = try fields.optionalString("hostname", 1...(isQualified ? 255 : 63)) else { return nil }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 1 || isQualified, labels.allSatisfy(isLabel) else {
            throw fields.invalid(
                "hostname", .string(text),
                isQualified ? "It is not a domain name." : "It is not a host name of one label.")
        }
        return text
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}
