import Attributes
import Model
import Wire

/// Values of Network that are more than texts and numbers, as Neutron's validators read them (neutron-lib,
/// `api/validators`).
extension AttributeType {
    static let name = AttributeType.text(0...255)

    /// In its usual form.
    static let address = AttributeType.checked(.text(0...64)) { value throws(AttributeFault) in
        guard let address = IPAddress(value.text) else {
            throw AttributeFault("'\(value.text.prefix(64))' is not a valid IP address")
        }
        return .string(address.description)
    }

    /// Host bits are cut off; a length must be there.
    static let cidr = AttributeType.checked(.text(0...64)) { value throws(AttributeFault) in
        guard value.text.contains("/"), let cidr = CIDR(value.text) else {
            throw AttributeFault("'\(value.text.prefix(64))' is not a valid IP subnet")
        }
        return .string(cidr.description)
    }

    /// Lower case, with colons; not that of a group.
    static let macAddress = AttributeType.checked(.text(0...64)) { value throws(AttributeFault) in
        guard let address = MACAddress(value.text), address.bytes[0] & 1 == 0 else {
            throw AttributeFault("'\(value.text.prefix(64))' is not a valid MAC address")
        }
        return .string(address.description)
    }

    /// Labels of letters, digits and dashes.
    static let dnsName = AttributeType.checked(.text(0...255)) { value throws(AttributeFault) in
        let text = value.text.lowercased()
        guard text.isEmpty || text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel) else {
            throw AttributeFault("'\(value.text.prefix(64))' is not a valid PQDN or FQDN")
        }
        return .string(text)
    }

    /// A name that ends with a dot.
    static let dnsDomain = AttributeType.checked(.text(0...255)) { value throws(AttributeFault) in
        let text = value.text.lowercased()
        guard !text.isEmpty else { return value }
        guard text.hasSuffix("."),
            text.dropLast().split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
        else { throw AttributeFault("'\(value.text.prefix(64))' is not a FQDN") }
        return .string(text)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { byte in
                Character(UnicodeScalar(byte)).isLetter && byte < 128 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || byte == UInt8(ascii: "-")
            }
    }

    /// The members of each object, all of them texts; those with a `?` may be left out.
    static func objects(
        _ members: [String], most: Int = 1000,
        _ check: @escaping @Sendable ([String: String]) throws(AttributeFault) -> Void
    ) -> AttributeType {
        .checked(.list(of: .object)) { value throws(AttributeFault) in
            guard value.items.count <= most else { throw AttributeFault("it has more than \(most) items") }
            var seen: Set<[String: String]> = []
            for item in value.items {
                let texts = try texts(of: item, members)
                try check(texts)
                guard seen.insert(texts).inserted else { throw AttributeFault("Duplicate items in the list: \(texts)") }
            }
            return value
        }
    }

    private static func texts(of item: JSONValue, _ members: [String]) throws(AttributeFault) -> [String: String] {
        guard case .object(let found) = item else { throw AttributeFault("\(item.brief) is not a dictionary") }
        var texts: [String: String] = [:]
        for member in found {
            guard members.contains(member.key) || members.contains(member.key + "?") else {
                throw AttributeFault("Unexpected key '\(member.key.prefix(64))'; it has \(members)")
            }
            guard let text = member.value.optionalText else {
                throw AttributeFault("\(member.value.brief) is not a valid string for '\(member.key.prefix(64))'")
            }
            texts[member.key] = text
        }
        for name in members where !name.hasSuffix("?") && texts[name] == nil {
            throw AttributeFault("Validation of dictionary's keys failed. Expected keys: \(members)")
        }
        return texts
    }

    static let routes = objects(["destination", "nexthop"]) { route throws(AttributeFault) in
        let (destination, nexthop) = (route["destination"] ?? "", route["nexthop"] ?? "")
        guard let (address, length) = CIDR.parse(destination), let cidr = CIDR(destination), destination.contains("/")
        else { throw AttributeFault("'\(destination.prefix(64))' is not a valid IP subnet") }
        guard cidr.first == address else {
            throw AttributeFault(
                "'\(destination.prefix(64))' isn't a recognized IP subnet cidr, use '\(cidr.first)/\(length)'"
            )
        }
        guard IPAddress(nexthop) != nil else {
            throw AttributeFault("'\(nexthop.prefix(64))' is not a valid IP address")
        }
    }

    static let addresses = AttributeType.checked(.list(of: .address)) { value throws(AttributeFault) in
        try distinct(value)
    }

    static let tags = AttributeType.checked(.list(of: .text(1...255))) { value throws(AttributeFault) in
        guard value.items.count <= 50 else {
            throw AttributeFault("The number of tags exceed the per-resource limit of 50")
        }
        if let bad = value.texts.first(where: { $0.contains(",") }) {
            throw AttributeFault("'\(bad.prefix(64))': a tag holds no comma")
        }
        return .array(Array(Set(value.texts)).sorted().map { .string($0) })
    }

    static let zoneHints = AttributeType.checked(.list(of: .name)) { value throws(AttributeFault) in
        try distinct(value)
    }

    /// Prefixes without host bits, each once.
    static let prefixes = AttributeType.checked(.list(of: .prefix)) { value throws(AttributeFault) in
        try distinct(value)
    }

    private static let prefix = AttributeType.checked(.text(0...64)) { value throws(AttributeFault) in
        let text = value.text.prefix(64)
        guard value.text.contains("/"), let cidr = CIDR(value.text) else {
            throw AttributeFault("'\(text)' is not a valid IP subnet")
        }
        guard CIDR(value.text, strict: true) != nil else {
            throw AttributeFault("'\(text)' isn't a recognized IP subnet cidr, '\(cidr)' is recommended")
        }
        return .string(cidr.description)
    }

    private static func distinct(_ value: JSONValue) throws(AttributeFault) -> JSONValue {
        var seen: Set<String> = []
        if let twin = value.texts.first(where: { !seen.insert($0).inserted }) {
            throw AttributeFault("Duplicate items in the list: '\(twin.prefix(64))'")
        }
        return value
    }

    static let pools = objects(["start", "end"]) { pool throws(AttributeFault) in
        for text in [pool["start"] ?? "", pool["end"] ?? ""] where IPAddress(text) == nil {
            throw AttributeFault("'\(text.prefix(64))' is not a valid IP address")
        }
    }
}

extension JSONValue {
    /// A list of objects as the records of the model that they are the JSON of.
    func records<Kept: Codable & Sendable>(_ type: Kept.Type) throws -> [Kept] {
        try JSONText<[Kept]>(raw: jsonText).value()
    }
}
