package import Attributes
package import Model
import Store
import Wire

/// A list's query as Glance reads it: names of attributes compare, some with an operator before a colon; any other
/// name is a property's.
package enum ImageListQuery {
    private static let pageLimit = 25
    private static let sortKeys = [
        "name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at",
    ]

    package static func read(_ parameters: ListParameters, by caller: Caller) throws -> ListQuery {
        var query = ListQuery()
        query.limit = min(try parameters["limit"].map { try number("limit", $0) } ?? pageLimit, 1000)
        query.marker = parameters["marker"]
        query.order = try order(parameters)
        query.conditions = [SQLCondition("status <> 'deleted'")]
        for name in parameters.names.sorted()
        where !["limit", "marker", "sort", "sort_key", "sort_dir"].contains(name) {
            query.conditions += try conditions(name, parameters)
        }
        if parameters["os_hidden"] == nil { query.conditions.append(SQLCondition("is_hidden = 0")) }
        if let sight = try sight(parameters, caller) { query.conditions.append(sight) }
        return query
    }

    /// The images that the caller may list: its own, public ones, those shared with it that it has answered as
    /// `member_status` says, and community images where the query asks for them.
    private static func sight(_ parameters: ListParameters, _ caller: Caller) throws -> SQLCondition? {
        let visibility = parameters["visibility"]
        if let visibility, !(ImageAttributes.visibilities + ["all"]).contains(visibility) {
            throw CloudError.badRequest("Invalid visibility value: '\(visibility.prefix(40))'.")
        }
        let answers = ImageMember.Status.allCases.map(\.rawValue) + ["all"]
        let status = parameters["member_status"] ?? "accepted"
        guard answers.contains(status) else {
            throw CloudError.badRequest("Invalid status: '\(status.prefix(40))'; it is one of \(answers).")
        }
        guard !caller.isAdmin else { return nil }
        let project = try caller.project()
        let membership = SQLCondition(
            status == "all"
                ? "id IN (SELECT image_id FROM image_members WHERE member = ?)"
                : "id IN (SELECT image_id FROM image_members WHERE member = ? AND status = ?)",
            status == "all" ? [.id(project)] : [.id(project), .text(status)])
        var kinds: [SQLCondition] = [
            SQLCondition("project_id = ?", [.id(project)]), SQLCondition("visibility = 'public'"),
            .all([SQLCondition("visibility = 'shared'"), membership]),
        ]
        // Community images are in no list that does not ask for them.
        if visibility == "community" || visibility == "all" { kinds.append(SQLCondition("visibility = 'community'")) }
        return .any(kinds)
    }

    private static func conditions(_ name: String, _ parameters: ListParameters) throws -> [SQLCondition] {
        let value = parameters[name] ?? ""
        switch name {
        case "visibility" where value == "all", "member_status": return []
        case "tag": return parameters.all("tag").map { contains("tags", JSONValue.string($0).jsonText) }
        case "created_at", "updated_at": return try parameters.all(name).map { try time(name, $0) }
        case "protected", "os_hidden": return [SQLCondition("\(column(name)) = ?", [.bool(try flag(name, value))])]
        case "is_public": throw CloudError.badRequest("Ask for visibility=public, not is_public.")
        default: break
        }
        if let bound = try bound(name, value) { return [bound] }
        guard let attribute = ImageAttributes.table.attribute(name) else {
            let pair = "\(JSONValue.string(name).jsonText):\(JSONValue.string(value).jsonText)"
            return [contains("properties", pair)]
        }
        guard case .equal = attribute.filter else {
            throw CloudError.badRequest("Images cannot be filtered by '\(name.prefix(80))'.")
        }
        do {
            return [try attribute.condition(words(value, of: name))]
        } catch let fault as AttributeFault {
            throw CloudError.badRequest("Invalid filter '\(name)': \(fault.reason).")
        }
    }

    /// `size_min`, `size_max` and their like.
    private static func bound(_ name: String, _ value: String) throws -> SQLCondition? {
        let (number, end) = (String(name.dropLast(4)), name.suffix(4))
        guard ["size", "virtual_size", "min_disk", "min_ram"].contains(number), end == "_min" || end == "_max" else {
            return nil
        }
        let sign = end == "_min" ? ">=" : "<="
        return SQLCondition("\(column(number)) \(sign) ?", [.int(try self.number(name, value))])
    }

    private static func column(_ name: String) -> String { ImageAttributes.table.attribute(name)?.expression ?? name }

    private static func contains(_ column: String, _ text: String) -> SQLCondition {
        let escaped = text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
        return SQLCondition("\(column) LIKE ? ESCAPE '\\'", [.text("%\(escaped)%")])
    }

    private static func number(_ name: String, _ text: String) throws -> Int {
        guard let number = Int(text), number >= 0 else {
            throw CloudError.badRequest("Cannot convert \(name) to an integer: '\(text.prefix(40))'.")
        }
        return number
    }

    private static func flag(_ name: String, _ text: String) throws -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw CloudError.badRequest("Invalid value '\(text.prefix(40))' for '\(name)': use 'true' or 'false'.")
        }
    }

    private static func time(_ name: String, _ text: String) throws -> SQLCondition {
        let signs = ["gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "neq": "<>"]
        let sides = text.split(separator: ":", maxSplits: 1).map(String.init)
        let (sign, moment) =
            sides.count == 2 && signs[sides[0]] != nil ? (signs[sides[0]] ?? "=", sides[1]) : ("=", text)
        guard let time = Timestamp(iso8601: moment) else {
            throw CloudError.badRequest("Invalid value '\(text.prefix(60))' for '\(name)': it is no time in ISO 8601.")
        }
        // Answers show seconds; what lies within one is equal.
        return SQLCondition("\(name) / 1000000 \(sign) ?", [.integer(time.microseconds / 1_000_000)])
    }

    /// `in:a,b` asks for several, quoted or not.
    private static func words(_ text: String, of name: String) throws -> [String] {
        guard ["id", "name", "status", "container_format", "disk_format"].contains(name) else { return [text] }
        if text.hasPrefix("eq:") { return [String(text.dropFirst(3))] }
        guard text.hasPrefix("in:") else { return [text] }
        var words: [String] = []
        var rest = text.dropFirst(3)
        while !rest.isEmpty {
            if rest.first == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: "\"") else {
                    throw CloudError.badRequest("Invalid filter value '\(text.prefix(80))': a quote is not closed.")
                }
                words.append(String(rest[rest.index(after: rest.startIndex)..<end]))
                rest = rest[rest.index(after: end)...]
            } else {
                words.append(String(rest.prefix { $0 != "," }))
                rest = rest.drop { $0 != "," }
            }
            rest = rest.dropFirst()
        }
        return words
    }

    /// `sort=name:asc,status` or pairs of `sort_key` and `sort_dir`; the newest first without either.
    private static func order(_ parameters: ListParameters) throws -> [ListQuery.Key] {
        var wanted: [(name: String, direction: String)] = []
        let (keys, directions) = (parameters.all("sort_key"), parameters.all("sort_dir"))
        if let sort = parameters["sort"] {
            guard keys.isEmpty, directions.isEmpty else {
                throw CloudError.badRequest("Old and new sorting syntax cannot be combined")
            }
            wanted = sort.split(separator: ",").map { part in
                let sides = part.split(separator: ":", maxSplits: 1).map { $0.trimmed }
                return (sides.first ?? "", sides.count > 1 ? sides[1] : "desc")
            }
        } else {
            guard directions.count <= 1 || directions.count == keys.count else {
                throw CloudError.badRequest("Number of sort dirs does not match the number of sort keys")
            }
            for (index, key) in keys.enumerated() {
                wanted.append(
                    (key, directions.count == 1 ? directions[0] : directions.isEmpty ? "desc" : directions[index]))
            }
            if keys.isEmpty, let direction = directions.first { wanted = [("created_at", direction)] }
        }
        return try (wanted.isEmpty ? [("created_at", "desc")] : wanted).map { name, direction in
            guard ["asc", "desc"].contains(direction) else {
                throw CloudError.badRequest("Invalid sort direction: \(direction.prefix(40))")
            }
            guard sortKeys.contains(name),
                let key = ImageAttributes.table.attribute(name)?.sortKey(descending: direction == "desc")
            else { throw CloudError.badRequest("Invalid sort key: \(name.prefix(40)). It must be one of \(sortKeys).") }
            return key
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
