package import Wire

/// One member of an answer: since when and until when it is there, who sees it, and what it is written by.
package struct Field<Content: Sendable>: Sendable {
    let since: Microversion
    let until: Microversion
    let adminOnly: Bool
    let content: Content

    /// `since` and `until` are inclusive.
    package init(since: Int = 1, until: Int = 9999, adminOnly: Bool = false, _ content: Content) {
        self.init(Microversion(2, since), Microversion(2, until), adminOnly, content)
    }

    private init(_ since: Microversion, _ until: Microversion, _ adminOnly: Bool, _ content: Content) {
        self.since = since
        self.until = until
        self.adminOnly = adminOnly
        self.content = content
    }

    /// The same where it is not shown before a later version.
    package func from(_ minor: Int) -> Self {
        Self(max(since, Microversion(2, minor)), until, adminOnly, content)
    }
}

extension Array {
    /// What an answer at this version consists of for one kind of reader.
    package func shown<Content>(at version: Microversion, admin: Bool) -> [Content] where Element == Field<Content> {
        filter { $0.since <= version && version <= $0.until && (admin || !$0.adminOnly) }.map(\.content)
    }
}

/// Writes one member of an answer, name and value.
package typealias FieldWriter<Value> = @Sendable (Value, inout JSONWriter) -> Void

/// The fields of an answer at one version, for one kind of reader: what the direct writer follows.
package struct FieldPlan<Value>: Sendable {
    private let fields: [FieldWriter<Value>]

    package init(_ fields: [Field<FieldWriter<Value>>], at version: Microversion, admin: Bool) {
        self.fields = fields.shown(at: version, admin: admin)
    }

    package func write(_ value: Value, to writer: inout JSONWriter) {
        writer.object { writer in
            for field in fields { field(value, &writer) }
        }
    }
}
