package import Attributes
package import Model
import Store
import Wire

/// A list's query as Keystone reads it: names of attributes compare, some with `__` and a comparator behind them.
/// Names that are no attribute's are passed over, as Keystone does.
package enum IdentityListQuery {
    private static let flags: Set = [
        "True", "TRUE", "true", "False", "FALSE", "false", "", "1", "0", "y", "Y", "n", "N", "on", "ON", "off", "OFF",
        "yes", "no",
    ]
    private static let noes: Set = ["False", "FALSE", "false", "0", "n", "N", "off", "OFF", "no"]
    /// No page is longer.
    private static let pageLimit = 1000

    package static func read<Kept>(
        _ parameters: ListParameters, _ table: AttributeTable<Kept>, within bounds: [ListBound] = []
    ) throws -> ListQuery {
        var query = ListQuery()
        query.limit = try parameters["limit"].map { min(try number("limit", $0), pageLimit) }
        query.marker = parameters["marker"].flatMap { $0.isEmpty ? nil : $0 }
        query.order = try order(parameters, table)
        for name in parameters.names.sorted() where !["limit", "marker", "sort_key", "sort_dir"].contains(name) {
            for value in parameters.all(name) {
                if let condition = try condition(name, value, table) { query.conditions.append(condition) }
            }
        }
        query.conditions += standing(parameters, table.plural)
        query.bounds = bounds.map(\.condition)
        return query
    }

    package static func rows(_ ids: [String]) -> ListQuery {
        var query = ListQuery()
        query.order = [.init("id")]
        query.conditions = [ListBound.among(ids).condition]
        return query
    }

    /// What a list leaves out unless its query names the attribute.
    private static func standing(_ parameters: ListParameters, _ plural: String) -> [SQLCondition] {
        switch plural {
        case "projects" where parameters["is_domain"] == nil: [SQLCondition("is_domain = 0")]
        case "roles" where parameters["domain_id"] == nil: [SQLCondition("domain_id IS NULL")]
        case "regions": [SQLCondition("id <> ''")]
        default: []
        }
    }

    private static func order<Kept>(
        _ parameters: ListParameters, _ table: AttributeTable<Kept>
    ) throws -> [ListQuery.Key] {
        let direction = parameters["sort_dir"] ?? "asc"
        guard ["asc", "desc"].contains(direction) else {
            throw invalid("sort_dir", direction, "It is 'asc' or 'desc'.")
        }
        guard let name = parameters["sort_key"] else {
            let usual = table.attribute("name") != nil ? "name" : "id"
            return [.init(usual, descending: direction == "desc")]
        }
        guard let key = table.attribute(name)?.sortKey(descending: direction == "desc") else {
            throw invalid("sort_key", name, "\(table.plural) cannot be sorted by it.")
        }
        return [key]
    }

    private static func condition<Kept>(
        _ name: String, _ value: String, _ table: AttributeTable<Kept>
    ) throws -> SQLCondition? {
        if table.plural == "projects", let condition = tags(name, value) { return condition }
        if table.plural == "users", let condition = try ofUsers(name, value) { return condition }
        if let attribute = table.attribute(name) { return try equal(attribute, value) }
        guard let end = name.firstRange(of: "__"), let attribute = table.attribute(String(name[..<end.lowerBound]))
        else {
            guard table.plural != "regions" else {
                throw CloudError.badRequest(
                    "Additional properties are not allowed ('\(name.prefix(80))' was unexpected)")
            }
            return nil
        }
        return try inexact(attribute, String(name[end.upperBound...]), name, value)
    }

    private static func equal<Kept>(_ attribute: Attribute<Kept>, _ value: String) throws -> SQLCondition {
        guard case .equal = attribute.filter, let expression = attribute.expression else {
            throw invalid(attribute.name, value, "Lists are not filtered by it.")
        }
        if attribute.type.kind == .boolean {
            guard flags.contains(value) else {
                throw invalid(attribute.name, value, "It is not one of \(flags.sorted()).")
            }
            return SQLCondition("\(expression) = ?", [.bool(!noes.contains(value))])
        }
        do {
            if attribute.type.kind == .text, !value.isEmpty || attribute.isChecked {
                _ = try attribute.type.converted(.string(value), lenient: false)
            }
            return try attribute.condition([value])
        } catch {
            throw invalid(attribute.name, value, "\(error.reason).")
        }
    }

    /// Comparisons that stand for the same in each store, with regard to case unless an `i` is before them.
    private static func inexact<Kept>(
        _ attribute: Attribute<Kept>, _ comparator: String, _ name: String, _ value: String
    ) throws -> SQLCondition {
        guard case .equal = attribute.filter, let column = attribute.expression, attribute.type.kind == .text else {
            throw invalid(name, value, "Lists are not filtered by it.")
        }
        let isInsensitive = comparator.hasPrefix("i")
        let text = isInsensitive ? "LOWER(\(column))" : "(\(column))"
        let wanted = isInsensitive ? "LOWER(?)" : "?"
        let length = value.unicodeScalars.count
        guard length > 0 else { return SQLCondition("\(column) IS NOT NULL") }
        switch isInsensitive ? String(comparator.dropFirst()) : comparator {
        case "contains": return SQLCondition("REPLACE(\(text), \(wanted), '') <> \(text)", [.text(value)])
        case "startswith": return SQLCondition("SUBSTR(\(text), 1, \(length)) = \(wanted)", [.text(value)])
        case "endswith":
            return SQLCondition(
                "LENGTH(\(text)) >= \(length) AND SUBSTR(\(text), LENGTH(\(text)) - \(length - 1)) = \(wanted)",
                [.text(value)])
        default: throw invalid(name, value, "There is no comparator '\(comparator.prefix(40))'.")
        }
    }

    private static func tags(_ name: String, _ value: String) -> SQLCondition? {
        let each = value.split(separator: ",").map { tag in
            SQLCondition("REPLACE(tags, ?, '') <> tags", [.text(JSONValue.string(String(tag)).jsonText)])
        }
        switch name {
        case _ where each.isEmpty: return nil
        case "tags": return .all(each)
        case "tags-any": return .any(each)
        case "not-tags": return .not(.all(each))
        case "not-tags-any": return .not(.any(each))
        default: return nil
        }
    }

    /// Passwords do not expire here, and no user comes from elsewhere.
    private static func ofUsers(_ name: String, _ value: String) throws -> SQLCondition? {
        switch name {
        case "idp_id", "protocol_id", "unique_id": return SQLCondition("1 = 0")
        case "password_expires_at":
            let sides = value.split(separator: ":", maxSplits: 1).map(String.init)
            guard sides.count == 2, ["lt", "lte", "gt", "gte", "eq", "neq"].contains(sides[0]),
                Timestamp(iso8601: sides[1]) != nil
            else { throw invalid(name, value, "It is an operator, a colon and a time.") }
            return SQLCondition("1 = 0")
        default: return nil
        }
    }

    private static func number(_ name: String, _ text: String) throws -> Int {
        guard let number = Int(text), number >= 0 else { throw invalid(name, text, "It is a number.") }
        return number
    }

    private static func invalid(_ name: String, _ value: String, _ why: String) -> CloudError {
        CloudError.badRequest(
            "Invalid input for query parameters \(name.prefix(80)). Value: \(value.prefix(80)). \(why)")
    }
}

extension Attribute {
    fileprivate var isChecked: Bool {
        if case .checked = type { true } else { false }
    }
}

/// To what a list is cut down, whatever its query says.
package enum ListBound: Sendable {
    /// The domain itself.
    case isDomain(DomainID)
    case inDomain(DomainID)
    case among([String])
    case enabled
    case ownedBy(UserID)
    case groupsOf(UserID)
    case membersOf(UserGroupID)

    var condition: SQLCondition {
        switch self {
        case .isDomain(let id): SQLCondition("id = ?", [.id(id)])
        case .inDomain(let id): SQLCondition("domain_id = ?", [.id(id)])
        case .among(let ids): .among("id", ids.map { .text($0) })
        case .enabled: SQLCondition("enabled = 1")
        case .ownedBy(let user): SQLCondition("user_id = ?", [.id(user)])
        case .groupsOf(let user):
            SQLCondition("id IN (SELECT group_id FROM group_members WHERE user_id = ?)", [.id(user)])
        case .membersOf(let group):
            SQLCondition("id IN (SELECT user_id FROM group_members WHERE group_id = ?)", [.id(group)])
        }
    }
}
