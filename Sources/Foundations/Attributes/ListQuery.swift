package import Model
import Store
import Wire

/// Who looks, and from where.
package struct Viewer: Sendable {
    /// `nil` where all rows are seen.
    package var project: ProjectID?
    package var isAdmin: Bool
    /// What links to rows begin with.
    package var root: String
    /// What addresses of the cloud itself begin with.
    package var site: String

    package init(project: ProjectID?, isAdmin: Bool, root: String = "", site: String = "") {
        self.project = project
        self.isAdmin = isAdmin
        self.root = root
        self.site = site
    }
}

/// What a list is asked for.
package struct ListQuery: Sendable {
    package struct Key: Sendable {
        /// An expression that is never NULL.
        var expression: String
        var isDescending: Bool

        package init(_ expression: String, descending: Bool = false) {
            self.expression = expression
            isDescending = descending
        }
    }

    package var conditions: [SQLCondition] = []
    /// Holds of every row that the viewer may know of, and so must hold of the marker: where a page begins tells how
    /// the marker compares with other rows.
    package var bounds: [SQLCondition] = []
    /// Without an order of its own, the oldest first; the id comes last in any case.
    package var order: [Key] = []
    package var limit: Int?
    /// The id of the row after which the page begins, or before which it ends when it is `reversed`.
    package var marker: String?
    package var isReversed = false
    /// The attributes asked for; all of them when there are none.
    package var names: [String] = []

    package init() {}
}

extension Attribute {
    /// Whether the viewer may not see the attribute.
    package func isHidden(from viewer: Viewer) -> Bool {
        if case .toAdmins = shown { !viewer.isAdmin } else { false }
    }

    /// The expression that filters and sorting go by.
    package var expression: String? {
        switch source {
        case .column(let sql), .derived(let sql, _), .address(let sql): sql
        default: nil
        }
    }

    package func sortKey(descending: Bool) -> ListQuery.Key? {
        guard isSortKey, let expression else { return nil }
        switch type.kind {
        case .text, .json: return .init("COALESCE(\(expression), '')", descending: descending)
        case .integer, .boolean, .time: return .init("COALESCE(\(expression), -1)", descending: descending)
        }
    }

    /// The condition of a filter that compares with texts of a query.
    package func condition(_ values: [String]) throws(AttributeFault) -> SQLCondition {
        guard let expression else { throw AttributeFault("it cannot be compared") }
        var wanted: [SQLValue] = []
        for value in values {
            switch type.kind {
            case .text, .json: wanted.append(.text(try comparable(value)))
            case .boolean:
                let flag = try AttributeType.boolean.converted(.string(value), lenient: true)
                wanted.append(.bool(flag == .bool(true)))
            case .integer:
                guard let number = Int(value) else { throw AttributeFault("'\(value.prefix(80))' is not an integer") }
                wanted.append(.int(number))
            case .time:
                guard let time = Timestamp(iso8601: value) else {
                    throw AttributeFault("'\(value.prefix(80))' is not a time in ISO 8601")
                }
                wanted.append(.time(time))
            }
        }
        let isText = type.kind == .text
        return .among(isText && values.contains("") ? "COALESCE(\(expression), '')" : expression, wanted)
    }

    /// A value of a checked type is compared in the form in which it is kept; any other is found nowhere.
    private func comparable(_ value: String) throws(AttributeFault) -> String {
        guard case .checked(let type, let check) = type, type.kind == .text, !value.isEmpty else { return value }
        return try check(.string(value)).optionalText ?? value
    }
}
