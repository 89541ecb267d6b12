package import Model

/// Reads the members of one JSON object by name, checks them, and in the end refuses those that were not read.
///
/// Messages name the field and the value, as Nova's do.
package struct Fields: Sendable {
    private var left: [String: JSONValue] = [:]
    /// What is there and cannot be read.
    private var hidden: [String: JSONValue] = [:]
    private let path: String

    package init(_ value: JSONValue, at path: String = "body") throws(CloudError) {
        guard case .object(let members) = value else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute \(path). Value: \(value.brief). It must be an object.")
        }
        for member in members { left[member.key] = member.value }
        self.path = path
    }

    /// The same object, of which these members cannot be read, so that `finish` refuses them.
    package func hiding(_ names: Set<String>) -> Fields {
        var copy = self
        for name in names { copy.hidden[name] = copy.left.removeValue(forKey: name) }
        return copy
    }

    private var all: [String: JSONValue] { left.merging(hidden) { kept, _ in kept } }

    package func invalid(_ name: String, _ value: JSONValue, _ why: String) -> CloudError {
        CloudError.badRequest("Invalid input for field/attribute \(name). Value: \(value.brief). \(why)")
    }

    private func missing(_ name: String) -> CloudError {
        CloudError.badRequest(
            "Invalid input for field/attribute \(path). '\(name)' is a required property.")
    }

    package func has(_ name: String) -> Bool { left[name] != nil }
    package func peek(_ name: String) -> JSONValue? { left[name] }
    package var names: [String] { left.keys.sorted() }

    /// Refuses an object without the member; null will do.
    package func require(_ name: String) throws(CloudError) {
        guard has(name) else { throw missing(name) }
    }

    /// Refuses null for each member that has no such value.
    package func refuseNulls(except nullable: Set<String> = []) throws(CloudError) {
        let all = all
        for name in all.keys.sorted() where all[name] == .null && !nullable.contains(name) {
            throw invalid(name, .null, "It must have a value; leave it out otherwise.")
        }
    }

    /// The value as it came, `null` included.
    package mutating func value(_ name: String) -> JSONValue? {
        left.removeValue(forKey: name)
    }

    /// Refuses whatever has not been read.
    package func finish() throws(CloudError) {
        if all.isEmpty || LegacyBodies.areRead { return }
        let unread = all.keys.sorted().map { "'\($0)'" }
        throw CloudError.badRequest(
            "Additional properties are not allowed (\(unread.joined(separator: ", ")) "
                + "\(unread.count == 1 ? "was" : "were") unexpected) in \(path).")
    }

    // MARK: Objects and lists

    package mutating func object(_ name: String) throws(CloudError) -> Fields {
        guard let value = value(name) else { throw missing(name) }
        return try Fields(value, at: name)
    }

    package mutating func optionalObject(_ name: String) throws(CloudError) -> Fields? {
        guard let value = value(name), value != .null else { return nil }
        return try Fields(value, at: name)
    }

    package mutating func optionalArray(_ name: String) throws(CloudError) -> [JSONValue]? {
        guard let value = value(name), value != .null else { return nil }
        guard case .array(let items) = value else { throw invalid(name, value, "It must be a list.") }
        return items
    }

    package mutating func array(_ name: String) throws(CloudError) -> [JSONValue] {
        guard let items = try optionalArray(name) else { throw missing(name) }
        return items
    }

    // MARK: Texts

    package mutating func string(_ name: String, _ length: ClosedRange<Int> = 0...255) throws(CloudError) -> String {
        guard let text = try optionalString(name, length) else { throw missing(name) }
        return text
    }

    /// `nil` for a missing member and for null.
    package mutating func optionalString(
        _ name: String, _ length: ClosedRange<Int> = 0...255
    ) throws(CloudError) -> String? {
        guard let value = value(name), value != .null else { return nil }
        guard case .string(let text) = value else { throw invalid(name, value, "It must be a string.") }
        guard length.contains(text.unicodeScalars.count) else {
            let word = text.unicodeScalars.count < length.lowerBound ? "short" : "long"
            throw CloudError.badRequest(
                "Invalid input for field/attribute \(name). Value: \(text). '\(text)' is too \(word)")
        }
        return text
    }

    package mutating func strings(_ name: String) throws(CloudError) -> [String]? {
        guard let items = try optionalArray(name) else { return nil }
        var texts: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw invalid(name, item, "It must be a string.") }
            texts.append(text)
        }
        return texts
    }

    package mutating func requiredStrings(_ name: String) throws(CloudError) -> [String] {
        try require(name)
        guard let texts = try strings(name) else { throw invalid(name, .null, "It must be a list.") }
        return texts
    }

    package mutating func optionalID<Kind>(_ name: String) throws(CloudError) -> Identifier<Kind>? {
        guard let text = try optionalString(name) else { return nil }
        guard UUIDText.isValid(text) else { throw invalid(name, .string(text), "It is not a 'uuid'.") }
        return Identifier(text.lowercased())
    }

    package mutating func id<Kind>(_ name: String) throws(CloudError) -> Identifier<Kind> {
        guard let id: Identifier<Kind> = try optionalID(name) else { throw missing(name) }
        return id
    }

    /// One of a few words.
    package mutating func word(_ name: String, of words: [String]) throws(CloudError) -> String? {
        guard let text = try optionalString(name) else { return nil }
        guard words.contains(text) else {
            throw invalid(name, .string(text), "It is not one of \(words).")
        }
        return text
    }

    // MARK: Numbers and flags

    /// An integer, also as 1.0, or its digits in a string, as Nova accepts them.
    package mutating func optionalInt(
        _ name: String, _ range: ClosedRange<Int> = Int(Int32.min)...Int(Int32.max)
    ) throws(CloudError) -> Int? {
        guard let value = value(name), value != .null else { return nil }
        let number: Int?
        switch value {
        case .integer(let found): number = found
        case .real(let found): number = Int(exactly: found)
        case .string(let text): number = Int(text)
        default: number = nil
        }
        guard let number else { throw invalid(name, value, "It must be an integer.") }
        guard range.contains(number) else {
            throw invalid(name, value, "It must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    package mutating func int(_ name: String, _ range: ClosedRange<Int>) throws(CloudError) -> Int {
        guard let number = try optionalInt(name, range) else { throw missing(name) }
        return number
    }

    /// A boolean, or one of the texts that Nova takes for one.
    package mutating func optionalBool(_ name: String) throws(CloudError) -> Bool? {
        guard let value = value(name), value != .null else { return nil }
        switch value {
        case .bool(let flag): return flag
        case .string(let text):
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: break
            }
        default: break
        }
        throw invalid(name, value, "It must be a boolean.")
    }

    /// An object whose values are all texts of at most 255 characters.
    package mutating func stringMap(_ name: String) throws(CloudError) -> [String: String]? {
        guard let value = value(name), value != .null else { return nil }
        return try Self.stringMap(value, name)
    }

    package mutating func requiredStringMap(_ name: String) throws(CloudError) -> [String: String] {
        try require(name)
        guard let map = try stringMap(name) else { throw invalid(name, .null, "It must be an object.") }
        return map
    }

    package static func stringMap(_ value: JSONValue, _ name: String) throws(CloudError) -> [String: String] {
        guard case .object(let members) = value else {
            throw CloudError.badRequest("Invalid input for field/attribute \(name). It must be an object.")
        }
        var map: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value, text.unicodeScalars.count <= 255,
                (1...255).contains(member.key.unicodeScalars.count)
            else {
                throw CloudError.badRequest(
                    "Invalid input for field/attribute \(name).\(member.key.prefix(80)). Value: \(member.value.brief). "
                        + "Keys have 1 to 255 characters, values are strings of at most 255.")
            }
            map[member.key] = text
        }
        return map
    }
}
