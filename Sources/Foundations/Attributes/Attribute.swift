package import Store
package import Wire

/// One attribute of a resource: what clients call it, what they may say of it, and where its value stands.
///
/// `Draft` is what a body is written into: the record, or the record with wishes beside it.
package struct Attribute<Draft: Sendable>: Sendable {
    package typealias Setter = @Sendable (inout Draft, JSONValue) throws -> Void

    package let name: String
    package let type: AttributeType
    package let source: AttributeSource
    /// Who may give it in the body of a creation, and of a change.
    package let creation: Giving
    package let change: Giving
    package let isRequired: Bool
    /// Its value when a creation does not give it; `nil` where the cloud chooses.
    package let fallback: JSONValue?
    package let null: NullMeaning
    package let shown: Shown
    package let filter: AttributeFilter
    package let isSortKey: Bool
    package let set: Setter?

    package init(
        _ name: String, _ type: AttributeType, _ source: AttributeSource, create creation: Giving = .never,
        change: Giving = .never, required: Bool = false, default fallback: JSONValue? = nil,
        null: NullMeaning = .refused, shown: Shown = .toAll, filter: AttributeFilter = .none, sorts: Bool = false,
        set: Setter? = nil
    ) {
        self.name = name
        self.type = type
        self.source = source
        self.creation = creation
        self.change = change
        isRequired = required
        self.fallback = fallback
        self.null = null
        self.shown = shown
        self.filter = filter
        isSortKey = sorts
        self.set = set
    }
}

/// Who may name an attribute in a body.
package enum Giving: Sendable {
    case never, anyone, admin
}

/// What `null` says in a body.
package enum NullMeaning: Sendable {
    /// It is no value of this attribute.
    case refused
    /// The attribute has no value then.
    case none
    /// The same as this value.
    case same(as: JSONValue)
    /// The same as a body without the attribute.
    case absent
}

package enum Shown: Sendable {
    case toAll
    case toAdmins
    /// Only where it has a value.
    case whereSet
    case never
}

/// Where the value of an attribute stands.
package enum AttributeSource: Sendable {
    /// An expression over the table's columns, in portable SQL.
    case column(String)
    /// JSON text that is the same for every row.
    case constant(String)
    /// Text made of the text of an expression; `nil` for null.
    case derived(String, @Sendable (String) -> String?)
    /// JSON written of the texts of two expressions, neither NULL.
    case composed(
        String, String, @Sendable (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>, inout JSONWriter) -> Void)
    /// JSON texts of the rows with these ids, looked up together; rows that are not among them have the other text.
    case lookup(otherwise: String, @Sendable ([String], any Connection) throws -> [String: String])
    /// `{"self": ...}`: the address of the row, which follows the path.
    case link(String)
    /// An expression for an address; one that begins with `/` is completed with the address by which the viewer came.
    case address(String)
    /// It can be given, and is not shown.
    case nowhere
}

/// What a list may be asked for by an attribute.
package enum AttributeFilter: Sendable {
    case none
    /// It is one of the given values.
    case equal
    case custom(@Sendable ([String]) throws -> SQLCondition)
}

/// A condition with a `?` for each argument, in their order.
package struct SQLCondition: Sendable {
    package var sql: String
    package var arguments: [SQLValue]

    package init(_ sql: String, _ arguments: [SQLValue] = []) {
        self.sql = sql
        self.arguments = arguments
    }

    /// `expression IN (...)`; of no values, nothing.
    package static func among(_ expression: String, _ values: [SQLValue]) -> Self {
        guard !values.isEmpty else { return Self("1 = 0") }
        return Self("\(expression) IN (\(values.map { _ in "?" }.joined(separator: ", ")))", values)
    }

    package static func all(_ conditions: [Self]) -> Self {
        Self(conditions.map { "(\($0.sql))" }.joined(separator: " AND "), conditions.flatMap(\.arguments))
    }

    package static func any(_ conditions: [Self]) -> Self {
        Self(conditions.map { "(\($0.sql))" }.joined(separator: " OR "), conditions.flatMap(\.arguments))
    }

    package static func not(_ condition: Self) -> Self {
        Self("NOT (\(condition.sql))", condition.arguments)
    }
}
