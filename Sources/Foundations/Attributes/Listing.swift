import Model
package import Store
package import Wire

/// Which rows were written.
package struct Listing: Sendable {
    package var count = 0
    package var first: String?
    /// The id of the last row of a full page, behind which there may be more.
    package var last: String?

    package init() {}
}

extension AttributeTable {
    /// Writes the rows that somebody sees and asks for, as JSON objects.
    package func list(
        _ query: ListQuery, for viewer: Viewer, into writer: inout JSONWriter, _ db: any Connection
    ) throws -> Listing {
        try write(try filter(query, for: viewer, db), query, viewer, &writer, db)
    }

    /// The same rows as records of the table's type.
    package func records<Kept: Record>(
        of type: Kept.Type, _ query: ListQuery, for viewer: Viewer, _ db: any Connection
    ) throws -> [Kept] {
        let filter = try filter(query, for: viewer, db)
        return try db.fetch(type, Numbered.text(filter.sql), filter.arguments)
    }

    /// Which rows, in which order, and how many: all that follows FROM.
    private func filter(_ query: ListQuery, for viewer: Viewer, _ db: any Connection) throws -> SQLCondition {
        var conditions = query.conditions + query.bounds
        if let project = viewer.project { conditions.append(visible(project)) }
        let order = query.order.isEmpty ? [.init("created_at")] : query.order
        if let marker = query.marker {
            guard try shows(marker, to: viewer, within: query.bounds, db) else { throw notFound(marker) }
            conditions.append(after(marker, order, query.isReversed))
        }
        let keys = (order + [.init("id")]).map { key in
            "\(key.expression) \(key.isDescending == query.isReversed ? "ASC" : "DESC")"
        }
        var tail = " ORDER BY \(keys.joined(separator: ", "))"
        var arguments = SQLCondition.all(conditions).arguments
        if let limit = query.limit {
            tail += " LIMIT ?"
            arguments.append(.int(limit))
        }
        return SQLCondition(Self.clause(conditions) + tail, arguments)
    }

    /// One row; `nil` where there is none that this viewer sees.
    package func show(
        _ id: String, _ names: [String] = [], for viewer: Viewer, _ db: any Connection
    ) throws -> [UInt8]? {
        var query = ListQuery()
        query.conditions = [SQLCondition("id = ?", [.text(id)])]
        query.order = [.init("id")]
        query.names = names
        var writer = JSONWriter(reserving: 2048)
        let found = try list(query, for: viewer, into: &writer, db)
        return found.count == 0 ? nil : writer.bytes
    }

    /// Whether there is a row with this id that the viewer sees.
    package func shows(
        _ id: String, to viewer: Viewer, within bounds: [SQLCondition] = [], _ db: any Connection
    ) throws -> Bool {
        var conditions = [SQLCondition("id = ?", [.text(id)])] + bounds
        if let project = viewer.project { conditions.append(visible(project)) }
        let all = SQLCondition.all(conditions)
        return try db.integer(Numbered.text("SELECT 1 FROM \(table)" + Self.clause(conditions)), all.arguments) != nil
    }

    private static func clause(_ conditions: [SQLCondition]) -> String {
        conditions.isEmpty ? "" : " WHERE " + SQLCondition.all(conditions).sql
    }

    /// What comes behind the row with this id, key by key.
    private func after(_ id: String, _ order: [ListQuery.Key], _ isReversed: Bool) -> SQLCondition {
        var equal: [SQLCondition] = []
        var alternatives: [SQLCondition] = []
        for key in order + [.init("id")] {
            let its = "(SELECT \(key.expression) FROM \(table) WHERE id = ?)"
            let sign = key.isDescending == isReversed ? ">" : "<"
            alternatives.append(.all(equal + [SQLCondition("\(key.expression) \(sign) \(its)", [.text(id)])]))
            equal.append(SQLCondition("\(key.expression) = \(its)", [.text(id)]))
        }
        return .any(alternatives)
    }

    private func write(
        _ filter: SQLCondition, _ query: ListQuery, _ viewer: Viewer, _ writer: inout JSONWriter,
        _ db: any Connection
    ) throws -> Listing {
        let plan = plan(query.names, for: viewer)
        var context = AttributePlan.Context(viewer: viewer)
        if !plan.lookups.isEmpty {
            let ids = try db.texts(Numbered.text("SELECT id FROM \(table)" + filter.sql), filter.arguments)
            for name in plan.lookups {
                if case .lookup(_, let find) = attribute(name)?.source { context.lookups[name] = try find(ids, db) }
            }
        }
        let sql = "SELECT \(plan.selection) FROM \(table)" + Numbered.text(filter.sql)
        return try plan.run(sql, filter.arguments, query, context, into: &writer, db)
    }

    private func plan(_ names: [String], for viewer: Viewer) -> AttributePlan {
        if names.isEmpty { return viewer.isAdmin ? plans.admins : plans.others }
        let shown = Self.shown(attributes, toAdmins: viewer.isAdmin).filter { names.contains($0.name) }
        return AttributePlan(shown, extras: nil, wording.timeStyle)
    }
}

/// Statement text in which each `?` has its number.
enum Numbered {
    static func text(_ sql: String) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(sql.utf8.count + 32)
        var number = 0
        var isQuoted = false
        for byte in sql.utf8 {
            text.append(byte)
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            guard byte == UInt8(ascii: "?"), !isQuoted else { continue }
            number += 1
            text.append(contentsOf: String(number).utf8)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
