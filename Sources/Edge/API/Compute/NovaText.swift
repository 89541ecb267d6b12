import Model
import Wire

/// Texts as Nova's validators read them (nova, `api/validation/parameter_types.py`).
enum NovaText {
    /// A name: printable characters, and no space at either end.
    static func name(_ given: String, of attribute: String) throws(CloudError) -> String {
        let kept = LegacyBodies.areRead ? given.trimmingSpaces : given
        guard isPrintable(kept) else {
            throw invalid(attribute, kept, "The only allowed characters are printable.")
        }
        guard kept.unicodeScalars.first.map(isSpace) != true, kept.unicodeScalars.last.map(isSpace) != true else {
            throw invalid(attribute, kept, "It has leading or trailing spaces.")
        }
        guard !kept.isEmpty else { throw invalid(attribute, kept, "It is too short.") }
        return kept
    }

    /// A name that may have spaces at its ends, which are not kept.
    static func trimmedName(_ given: String, of attribute: String) throws(CloudError) -> String {
        try name(given.trimmingSpaces, of: attribute)
    }

    /// The name of a host, as Nova reads it where one is named.
    static func host(_ text: String, of attribute: String) throws(CloudError) -> String {
        guard text.utf8.allSatisfy({ isAlphanumeric($0) || "-._".utf8.contains($0) }) else {
            throw invalid(attribute, text, "It has letters, digits and -._ only.")
        }
        return text
    }

    /// The name of an availability zone: `:` would part it from a host.
    static func zone(_ kept: String, of attribute: String) throws(CloudError) -> String {
        guard !kept.contains(":") else {
            throw invalid(attribute, kept, "The only allowed characters are printable, and ':' is not.")
        }
        return try name(kept, of: attribute)
    }

    static func description(_ text: String?, of attribute: String = "description") throws(CloudError) -> String? {
        if let text, !isPrintable(text) {
            throw invalid(attribute, text, "The only allowed characters are printable; line breaks are none.")
        }
        return text
    }

    /// Letters, digits, and four signs.
    static func metadata(_ map: [String: String]) throws(CloudError) -> [String: String] {
        for key in map.keys {
            guard key.utf8.allSatisfy({ isAlphanumeric($0) || "-_:. ".utf8.contains($0) }) else {
                throw CloudError.badRequest(
                    "Invalid input for field/attribute metadata. Value: '\(key.prefix(80))'. A key has letters, digits "
                        + "and -_:. only.")
            }
        }
        return map
    }

    static func flavorID(_ text: String) throws(CloudError) -> String {
        guard !text.hasPrefix(" "), !text.hasSuffix(" "),
            text.utf8.allSatisfy({ isAlphanumeric($0) || ".-_ ".utf8.contains($0) })
        else {
            throw invalid("id", text, "It has letters, digits and .-_ only, and no space at either end.")
        }
        return text
    }

    private static func invalid(_ attribute: String, _ text: String, _ why: String) -> CloudError {
        CloudError.badRequest(
            "Invalid input for field/attribute \(attribute). Value: \(JSONValue.string(text).brief). \(why)")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .spaceSeparator
    }

    /// Nova knows none beyond the first 65,535 characters of Unicode.
    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
            default: scalar.value < 0xFFFF
            }
        }
    }
}
