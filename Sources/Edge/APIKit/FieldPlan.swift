package import Wire

/// One member of an answer: since when and until when it is there, and how it is written.
package struct Field<Value>: Sendable {
    package typealias Write = @Sendable (Value, inout JSONWriter) -> Void

    let since: Microversion
    let until: Microversion
    let adminOnly: Bool
    let write: Write

    /// `since` and `until` are inclusive.
    package init(
        since: Int = 1, until: Int = 9999, adminOnly: Bool = false, write: @escaping Write
    ) {
        self.since = Microversion(2, since)
        self.until = Microversion(2, until)
        self.adminOnly = adminOnly
        self.write = write
    }

    private init(_ since: Microversion, _ until: Microversion, _ adminOnly: Bool, _ write: @escaping Write) {
        self.since = since
        self.until = until
        self.adminOnly = adminOnly
        self.write = write
    }

    /// The same where it is not shown before a later version.
    package func from(_ minor: Int) -> Self {
        Self(max(since, Microversion(2, minor)), until, adminOnly, write)
    }
}

/// The fields of an answer at one version, for one kind of reader: what the direct writer follows.
package struct FieldPlan<Value>: Sendable {
    private let fields: [Field<Value>.Write]

    package init(_ fields: [Field<Value>], at version: Microversion, admin: Bool) {
        self.fields = fields.filter { $0.since <= version && version <= $0.until && (admin || !$0.adminOnly) }.map(
            \.write)
    }

    package func write(_ value: Value, to writer: inout JSONWriter) {
        writer.object { writer in
            for field in fields { field(value, &writer) }
        }
    }
}
