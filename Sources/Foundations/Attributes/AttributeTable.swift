package import Model
import Store
package import Wire

/// All attributes of a kind of resource. Bodies, answers, filters, sorting and schemas are made of it, so that an
/// attribute is written down once.
package struct AttributeTable<Draft: Sendable>: Sendable {
    /// Such as `network` and `networks`.
    package let singular: String
    package let plural: String
    /// The table in the store.
    package let table: String
    package let attributes: [Attribute<Draft>]
    package let extras: Extras<Draft>?
    package let wording: Wording
    /// The rows that a viewer sees who does not see all.
    let visible: @Sendable (ProjectID) -> SQLCondition
    private let places: [String: Int]
    /// How whole rows are shown.
    let plans: (admins: AttributePlan, others: AttributePlan)

    package init(
        _ singular: String, _ plural: String, table: String, wording: Wording, extras: Extras<Draft>? = nil,
        visible: @escaping @Sendable (ProjectID) -> SQLCondition = { SQLCondition("project_id = ?", [.id($0)]) },
        _ attributes: [Attribute<Draft>]
    ) {
        self.singular = singular
        self.plural = plural
        self.table = table
        self.wording = wording
        self.extras = extras
        self.visible = visible
        self.attributes = attributes
        places = Dictionary(attributes.enumerated().map { ($1.name, $0) }) { first, _ in first }
        func plan(admin: Bool) -> AttributePlan {
            AttributePlan(Self.shown(attributes, toAdmins: admin), extras: extras?.column, wording.timeStyle)
        }
        plans = (plan(admin: true), plan(admin: false))
    }

    static func shown(_ attributes: [Attribute<Draft>], toAdmins isAdmin: Bool) -> [Attribute<Draft>] {
        attributes.filter { attribute in
            switch attribute.shown {
            case .never: false
            case .toAdmins: isAdmin
            default: true
            }
        }
    }

    package func attribute(_ name: String) -> Attribute<Draft>? {
        places[name].map { attributes[$0] }
    }

    package func notFound(_ id: some CustomStringConvertible) -> CloudError {
        wording.notFound(singular, "\(id)")
    }
}

/// Attributes of which only clients know the meaning: Keystone's extra ones, Glance's properties.
package struct Extras<Draft: Sendable>: Sendable {
    /// The column that holds them, a JSON object.
    package let column: String
    package let check: @Sendable (String, JSONValue) throws(AttributeFault) -> JSONValue
    package let set: @Sendable (inout Draft, String, JSONValue) throws -> Void

    package init(
        column: String, check: @escaping @Sendable (String, JSONValue) throws(AttributeFault) -> JSONValue,
        set: @escaping @Sendable (inout Draft, String, JSONValue) throws -> Void
    ) {
        self.column = column
        self.check = check
        self.set = set
    }
}

/// How a service words its refusals, and what else is its own custom.
package enum Wording: Sendable {
    case network, identity, image, placement

    /// Whether texts such as `true` and `5` are taken for booleans and integers.
    var isLenient: Bool { self == .network }

    var timeStyle: Timestamp.Style { self == .identity ? .microseconds : .seconds }

    /// Nouns that Neutron writes as one word in bodies, and not in sentences.
    private static let compounds = ["floatingip": ["floating", "ip"], "subnetpool": ["subnet", "pool"]]

    func notFound(_ noun: String, _ id: String) -> CloudError {
        let words = noun.split(separator: "_").flatMap { Self.compounds[String($0)] ?? [String($0)] }
        let name = words.map { $0 == "ip" ? "IP" : $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let sentence = words.joined(separator: " ")
        let id = id.prefix(80)
        return switch self {
        case .network where noun.hasPrefix("security_group"):
            CloudError(
                .notFound, "\(sentence.prefix(1).uppercased())\(sentence.dropFirst()) \(id) does not exist",
                type: "\(name)NotFound")
        case .network:
            CloudError(
                .notFound, "\(sentence.prefix(1).uppercased())\(sentence.dropFirst()) \(id) could not be found.",
                type: "\(name)NotFound")
        case .identity: CloudError(.notFound, "Could not find \(sentence): \(id).")
        case .image: CloudError(.notFound, "No \(sentence) found with ID \(id)")
        case .placement: CloudError(.notFound, "No \(sentence) with uuid \(id) found")
        }
    }

    func invalid(_ name: String, _ fault: AttributeFault) -> CloudError {
        switch self {
        case .network:
            CloudError(.badRequest, "Invalid input for \(name). Reason: \(fault.reason).", type: "HTTPBadRequest")
        case .identity: CloudError.badRequest("Invalid input for field/attribute \(name). \(fault.reason).")
        case .image:
            CloudError.badRequest(
                "Provided object does not match schema 'image': \(fault.reason), at '\(name)'.")
        case .placement: CloudError.badRequest("JSON does not validate: \(fault.reason), at '\(name)'.")
        }
    }

    func unknown(_ names: [String]) -> CloudError {
        let list = names.map { String($0.prefix(80)) }.joined(separator: ", ")
        return switch self {
        case .network:
            CloudError(.badRequest, "Unrecognized attribute(s) '\(list)'", type: "HTTPBadRequest")
        default:
            CloudError.badRequest(
                "Additional properties are not allowed ('\(list)' \(names.count == 1 ? "was" : "were") unexpected)")
        }
    }

    func missing(_ name: String) -> CloudError {
        switch self {
        case .network:
            CloudError(
                .badRequest, "Failed to parse request. Required attribute '\(name)' not specified",
                type: "HTTPBadRequest")
        default: CloudError.badRequest("'\(name)' is a required property")
        }
    }

    func readOnly(_ name: String, _ moment: BodyMoment) -> CloudError {
        switch (self, moment) {
        case (.network, .creation):
            CloudError(.badRequest, "Attribute '\(name)' not allowed in POST", type: "HTTPBadRequest")
        case (.network, .change):
            CloudError(.badRequest, "Cannot update read-only attribute \(name)", type: "HTTPBadRequest")
        case (.image, _): CloudError(.forbidden, "Attribute '\(name)' is read-only.")
        default: CloudError.badRequest("'\(name)' cannot be \(moment == .creation ? "given" : "changed").")
        }
    }

    func notAllowed(_ name: String, _ moment: BodyMoment, _ noun: String) -> CloudError {
        let rule = "\(moment == .creation ? "create" : "update")_\(noun):\(name)"
        return CloudError(
            .forbidden, "(rule:\(rule)) is disallowed by policy: only an administrator may set \(name).",
            type: self == .network ? "PolicyNotAuthorized" : nil)
    }
}
