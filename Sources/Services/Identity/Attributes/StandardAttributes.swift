import Attributes
import Model
import Wire

/// What the records of Identity have in common.
enum StandardAttributes {
    typealias Path<Draft, Value> = any WritableKeyPath<Draft, Value> & Sendable

    /// An id, which a change may repeat, and a link to the record.
    static func identity<Draft>(
        _ path: String, _ id: @escaping @Sendable (Draft) -> String
    ) -> [Attribute<Draft>] {
        [
            Attribute("id", .text(1...64), .column("id"), change: .anyone) { draft, value in
                guard id(draft) == value.text else { throw CloudError.badRequest("Cannot change ID") }
            },
            Attribute("links", .object, .link(path)),
        ]
    }

    static func name<Draft>(
        _ length: Int, column: String = "name", trims: Bool = true, _ path: Path<Draft, String>
    ) -> Attribute<Draft> {
        Attribute(
            "name", .named(length, trims: trims), .column(column), create: .anyone, change: .anyone, required: true,
            filter: .equal, sorts: true
        ) { $0[keyPath: path] = $1.text }
    }

    static func enabled<Draft>(_ path: Path<Draft, Bool>) -> Attribute<Draft> {
        Attribute(
            "enabled", .boolean, .column("enabled"), create: .anyone, change: .anyone, default: true,
            filter: .equal
        ) { $0[keyPath: path] = $1.flag }
    }

    static func description<Draft>(most length: Int = 65_535, _ path: Path<Draft, String>) -> Attribute<Draft> {
        Attribute(
            "description", .text(0...length), .column("description"), create: .anyone, change: .anyone, default: "",
            null: .same(as: "")
        ) { $0[keyPath: path] = $1.text }
    }

    /// The domain that a record is in; whoever makes or changes the record looks at it.
    static func domain<Draft>(null: NullMeaning = .refused) -> Attribute<Draft> {
        Attribute(
            "domain_id", .identifier, .column("domain_id"), create: .anyone, change: .anyone, null: null,
            filter: .equal)
    }

    /// Options that Keystone registers for a kind of record; null takes one back.
    static func options<Draft>(
        of known: [String: AttributeType] = ["immutable": .boolean], _ path: Path<Draft, String>
    ) -> Attribute<Draft> {
        let type = AttributeType.checked(.object) { value throws(AttributeFault) in
            for (name, value) in value.pairs {
                guard let type = known[name] else {
                    throw AttributeFault(
                        "Additional properties are not allowed ('\(name.prefix(80))' was unexpected)")
                }
                if !value.isNull { _ = try type.converted(value, lenient: false) }
            }
            return value
        }
        return Attribute(
            "options", type, .column("options"), create: .anyone, change: .anyone, default: .object([])
        ) { draft, value in
            for (name, value) in value.pairs {
                draft[keyPath: path] = try KeptObject.setting(
                    name, value.isNull ? nil : value, in: draft[keyPath: path])
            }
        }
    }

    static func tags<Draft>(_ path: Path<Draft, JSONText<[String]>>) -> Attribute<Draft> {
        Attribute(
            "tags", .projectTags, .column("tags"), create: .anyone, change: .anyone, default: .array([])
        ) { $0[keyPath: path] = try JSONText($1.texts) }
    }

    /// Everything else that a client says, kept as it came.
    static func extras<Draft>(
        _ path: Path<Draft, String>, _ types: [String: AttributeType] = [:]
    ) -> Extras<Draft> {
        Extras(column: "extra") { name, value throws(AttributeFault) in
            guard (1...255).contains(name.unicodeScalars.count) else {
                throw AttributeFault("a name has 1 to 255 characters")
            }
            guard let type = types[name], !value.isNull else { return value }
            return try type.converted(value, lenient: false)
        } set: { draft, name, value in
            let text = try KeptObject.setting(name, value, in: draft[keyPath: path])
            guard text.utf8.count <= 65_535 else {
                throw CloudError.badRequest("Attributes of your own have room for 65535 bytes, with '\(name)' no more.")
            }
            draft[keyPath: path] = text
        }
    }
}

/// Objects that are kept as JSON text.
enum KeptObject {
    static func members(_ text: String) throws -> [JSONValue.Member] {
        guard case .object(let members) = try JSONValue(parsing: Array(text.utf8)) else { return [] }
        return members
    }

    /// The object with another value of a member, or without it.
    static func setting(_ name: String, _ value: JSONValue?, in text: String) throws -> String {
        var members = try members(text).filter { $0.key != name }
        if let value { members.append(.init(key: name, value: value)) }
        return JSONValue.object(members.sorted { $0.key < $1.key }).jsonText
    }

    static func flag(_ name: String, in text: String) throws -> Bool {
        try text != "{}" && members(text).contains { $0.key == name && $0.value.flag }
    }
}

extension JSONValue {
    var pairs: [(name: String, value: JSONValue)] {
        guard case .object(let members) = self else { return [] }
        return members.map { ($0.key, $0.value) }
    }
}

extension AttributeType {
    /// A name that is more than blanks.
    static func named(_ length: Int, trims: Bool = true) -> AttributeType {
        .checked(.text(1...length)) { value throws(AttributeFault) in
            let name = value.text.trimmingBlanks
            guard !name.isEmpty else { throw AttributeFault("\(value.brief) does not match '[\\S]+'") }
            return trims ? .string(name) : value
        }
    }

    /// An id as Keystone makes and takes them.
    static let identifier = AttributeType.checked(.text(1...64)) { value throws(AttributeFault) in
        guard value.text.utf8.allSatisfy({ $0 < 128 && (Character(UnicodeScalar($0)).isIdentifier) }) else {
            throw AttributeFault("\(value.brief) does not match '^[a-zA-Z0-9-]+$'")
        }
        return value
    }

    static let projectTag = AttributeType.checked(.text(1...255)) { value throws(AttributeFault) in
        guard !value.text.contains("/"), !value.text.contains(",") else {
            throw AttributeFault("\(value.brief) does not match '^[^,/]*$'")
        }
        let tag = value.text.trimmingBlanks
        guard !tag.isEmpty else { throw AttributeFault("\(value.brief) holds nothing but blanks") }
        return .string(tag)
    }

    static let projectTags = AttributeType.checked(.list(of: projectTag)) { value throws(AttributeFault) in
        guard value.items.count <= 80 else { throw AttributeFault("\(value.brief) is too long: 80 tags at most") }
        guard Set(value.texts).count == value.items.count else {
            throw AttributeFault("\(value.brief) has non-unique elements")
        }
        return value
    }
}

extension Character {
    fileprivate var isIdentifier: Bool { isLetter || isNumber || self == "-" }
}

extension String {
    var trimmingBlanks: String {
        let front = drop(while: \.isWhitespace)
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(front[...last])
    }
}
