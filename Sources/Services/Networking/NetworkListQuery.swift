package import Attributes
import Model
import Store
import Wire

/// A list's query as Neutron reads it (neutron, `api/api_common.py`): a filter may be repeated, and matches any of its
/// values; what cannot be filtered or sorted by is refused. So is what the viewer is not shown: a filter would tell it.
package enum NetworkListQuery {
    private static let reserved: Set<String> = [
        "fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse", "tags", "tags-any", "not-tags",
        "not-tags-any", "changed_since",
    ]

    package static func read<Draft>(
        _ parameters: ListParameters, _ table: AttributeTable<Draft>, for viewer: Viewer
    ) throws -> ListQuery {
        var query = ListQuery()
        query.names = parameters.all("fields").filter { !$0.isEmpty }
        query.conditions = try filters(parameters, table, viewer)
        if table.attribute("tags") != nil { query.conditions += tagFilters(parameters) }
        if let since = parameters["changed_since"] {
            guard let time = Timestamp(iso8601: since) else {
                throw bad("Invalid input for changed_since. Reason: '\(since.prefix(40))' is not a time in ISO 8601.")
            }
            query.conditions.append(SQLCondition("updated_at >= ?", [.time(time)]))
        }
        query.order = try order(parameters, table, viewer)
        if let limit = try limit(parameters), limit > 0 {
            query.limit = limit
            query.marker = parameters["marker"]
            query.isReversed = parameters["page_reverse"]?.lowercased() == "true"
        }
        return query
    }

    private static func bad(_ message: String) -> CloudError {
        CloudError(.badRequest, message, type: "HTTPBadRequest")
    }

    private static func filters<Draft>(
        _ parameters: ListParameters, _ table: AttributeTable<Draft>, _ viewer: Viewer
    ) throws -> [SQLCondition] {
        let names = parameters.names.subtracting(reserved).sorted()
        let unknown = names.filter { name in
            guard let attribute = table.attribute(name), !attribute.isHidden(from: viewer) else { return true }
            if case .none = attribute.filter { return true } else { return false }
        }
        guard unknown.isEmpty else {
            throw bad("\(unknown.map { String($0.prefix(80)) }) is invalid attribute for filtering")
        }
        return try names.compactMap { name -> SQLCondition? in
            guard let attribute = table.attribute(name) else { return nil }
            let values = parameters.all(name)
            switch attribute.filter {
            case .none: return nil
            case .custom(let condition): return try condition(values)
            case .equal:
                do {
                    return try attribute.condition(values)
                } catch let fault as AttributeFault {
                    throw bad("Invalid input for \(name). Reason: \(fault.reason).")
                }
            }
        }
    }

    /// `tags=a,b` wants all of them; the others any, not all, and none.
    private static func tagFilters(_ parameters: ListParameters) -> [SQLCondition] {
        func has(_ tag: String) -> SQLCondition {
            let escaped = tag.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
            let quoted = JSONValue.string(escaped).jsonText
            return SQLCondition("tags LIKE ? ESCAPE '\\'", [.text("%\(quoted)%")])
        }
        func each(_ name: String) -> [SQLCondition]? {
            let tags = parameters.all(name).flatMap { $0.split(separator: ",") }
            return tags.isEmpty ? nil : tags.map { has(String($0)) }
        }
        return [
            each("tags").map(SQLCondition.all), each("tags-any").map(SQLCondition.any),
            each("not-tags").map { .not(.all($0)) }, each("not-tags-any").map { .not(.any($0)) },
        ].compactMap(\.self)
    }

    private static func order<Draft>(
        _ parameters: ListParameters, _ table: AttributeTable<Draft>, _ viewer: Viewer
    ) throws -> [ListQuery.Key] {
        let keys = parameters.all("sort_key").filter { !$0.isEmpty }
        let directions = parameters.all("sort_dir").filter { !$0.isEmpty }
        guard keys.count == directions.count else { throw bad("The number of sort_keys and sort_dirs must be same") }
        let unknown = keys.filter { key in
            guard let attribute = table.attribute(key), !attribute.isHidden(from: viewer) else { return true }
            return attribute.sortKey(descending: false) == nil
        }
        guard unknown.isEmpty else {
            throw bad("\(unknown.map { String($0.prefix(80)) }) is invalid attribute for sort_keys")
        }
        if let other = directions.first(where: { !["asc", "desc"].contains($0) }) {
            throw bad("['\(other.prefix(40))'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
        }
        return zip(keys, directions).compactMap { table.attribute($0)?.sortKey(descending: $1 == "desc") }
    }

    private static func limit(_ parameters: ListParameters) throws -> Int? {
        guard let text = parameters["limit"] else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw CloudError(
                .badRequest, "Bad limit request: Limit must be an integer 0 or greater and not '\(text.prefix(40))'.",
                type: "BadRequest")
        }
        return number
    }
}
