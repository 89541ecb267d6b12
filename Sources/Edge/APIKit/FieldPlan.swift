package import Wire

/// One row of what changes with the version of an API: since and until which minor version something is there, and for
/// whom. The content is the member of an answer, or the name of a body's member or of a parameter.
package struct Field<Content: Sendable>: Sendable {
    let since: Int
    let until: Int
    let adminOnly: Bool
    let content: Content

    /// `since` and `until` are inclusive.
    package init(since: Int = 0, until: Int = 9999, adminOnly: Bool = false, _ content: Content) {
        self.since = since
        self.until = until
        self.adminOnly = adminOnly
        self.content = content
    }

    /// The same where it is not shown before a later version.
    package func from(_ minor: Int) -> Self {
        Self(since: max(since, minor), until: until, adminOnly: adminOnly, content)
    }
}

extension Array {
    /// What is there at this version for one kind of reader.
    package func shown<Content>(at version: Microversion, admin: Bool = false) -> [Content]
    where Element == Field<Content> {
        filter { $0.since <= version.minor && version.minor <= $0.until && (admin || !$0.adminOnly) }.map(\.content)
    }
}

extension [Field<String>] {
    /// The names that have rows, of which none is of this version.
    package func absent(at version: Microversion) -> Set<String> {
        Set(map(\.content)).subtracting(shown(at: version))
    }
}

extension Fields {
    /// A member that has rows is read at their versions only; at others it is refused as one that nobody knows.
    package func knowing(_ members: [Field<String>], at version: Microversion) -> Fields {
        hiding(members.absent(at: version))
    }
}

/// Writes one member of an answer, name and value.
package typealias FieldWriter<Value> = @Sendable (Value, inout JSONWriter) -> Void

/// The fields of an answer at one version, for one kind of reader: what the direct writer follows.
package struct FieldPlan<Value>: Sendable {
    private let fields: [FieldWriter<Value>]

    package init(_ fields: [Field<FieldWriter<Value>>], at version: Microversion, admin: Bool = false) {
        self.fields = fields.shown(at: version, admin: admin)
    }

    package func write(_ value: Value, to writer: inout JSONWriter) {
        writer.object { writeMembers(of: value, to: &$0) }
    }

    /// Into an object that is open.
    package func writeMembers(of value: Value, to writer: inout JSONWriter) {
        for field in fields { field(value, &writer) }
    }
}
