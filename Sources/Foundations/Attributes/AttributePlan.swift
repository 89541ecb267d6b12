import Model
import Store
import Wire

/// How the rows of a table are written, and the columns they are read from.
struct AttributePlan: Sendable {
    /// What the rows of one answer share.
    struct Context {
        let viewer: Viewer
        /// Of an attribute that is looked up: its JSON by the ids of rows.
        var lookups: [String: [String: String]] = [:]
    }

    private typealias Write = @Sendable (SQLRow, Context, inout JSONWriter) -> Void

    /// What a `RowPlan` cannot write. An array of bare closures would wrap each in another closure.
    private struct Other: Sendable {
        let write: Write
    }

    private var plan = RowPlan()
    private var others: [Other] = []
    /// The id comes first.
    private var columns = ["id"]
    /// The attributes that are to be looked up.
    private(set) var lookups: [String] = []

    init<Draft>(_ attributes: [Attribute<Draft>], extras: String?, _ timeStyle: Timestamp.Style) {
        for attribute in attributes { add(attribute, timeStyle) }
        if let extras {
            let place = column(extras)
            plan.add(whole: others.count)
            others.append(
                Other { row, _, writer in
                    if let object = row.utf8(place) { writer.members(ofObject: object) }
                })
        }
    }

    /// What a statement selects.
    var selection: String { columns.joined(separator: ", ") }

    private mutating func column(_ sql: String) -> Int {
        if let known = columns.firstIndex(of: sql) { return known }
        columns.append(sql)
        return columns.count - 1
    }

    private mutating func add<Draft>(_ attribute: Attribute<Draft>, _ timeStyle: Timestamp.Style) {
        switch attribute.source {
        case .column(let sql):
            let place = column(sql)
            add(attribute, Self.part(attribute.type.kind, place, timeStyle), place)
        case .constant(let text): plan.add(attribute.name, json: text)
        case .derived(let sql, let change):
            let place = column(sql)
            add(attribute, place) { row, _, writer in
                if row.isNull(place) { writer.null() } else { writer.value(change(row.text(place))) }
            }
        case .composed(let first, let second, let compose):
            let (first, second) = (column(first), column(second))
            add(attribute, nil) { row, _, writer in
                guard let first = row.utf8(first), let second = row.utf8(second) else { return writer.null() }
                compose(first, second, &writer)
            }
        case .lookup(let otherwise, _):
            let name = attribute.name
            lookups.append(name)
            add(attribute, nil) { row, context, writer in
                writer.raw(context.lookups[name]?[row.text(0)] ?? otherwise)
            }
        case .link(let path):
            add(attribute, nil) { row, context, writer in
                writer.object { $0.field("self", context.viewer.root, "/", "\(path)/\(row.text(0))") }
            }
        case .address(let sql):
            let place = column(sql)
            add(attribute, place) { row, context, writer in
                if row.isNull(place) { return writer.null() }
                let text = row.text(place)
                writer.value(text.hasPrefix("/") ? context.viewer.site + text : text)
            }
        case .nowhere: return
        }
    }

    private static func part(
        _ kind: AttributeType.Kind, _ place: Int, _ timeStyle: Timestamp.Style
    ) -> RowPlan.Part {
        switch kind {
        case .text: .text(place)
        case .integer: .integer(place)
        case .boolean: .boolean(place)
        case .time: .time(place, timeStyle)
        case .json: .json(place)
        }
    }

    private mutating func add<Draft>(_ attribute: Attribute<Draft>, _ part: RowPlan.Part, _ column: Int?) {
        plan.add(attribute.name, part, column.map { attribute.isWhereSet ? .whereSet($0) : .always } ?? .always)
    }

    private mutating func add<Draft>(
        _ attribute: Attribute<Draft>, _ column: Int?, _ write: @escaping Write
    ) {
        add(attribute, .other(others.count), column)
        others.append(Other(write: write))
    }

    /// Writes the rows one after the other; those of a reversed page from the last to the first.
    func run(
        _ sql: String, _ arguments: [SQLValue], _ query: ListQuery, _ context: Context,
        into writer: inout JSONWriter, _ db: any Connection
    ) throws -> Listing {
        var listing = Listing()
        var rows: [[UInt8]] = []
        try db.forEach(sql, arguments) { row in
            listing.count += 1
            if listing.count == 1 { listing.first = row.text(0) }
            if listing.count == query.limit { listing.last = row.text(0) }
            guard query.isReversed else { return write(row, context, &writer) }
            var alone = JSONWriter(reserving: 1024)
            write(row, context, &alone)
            rows.append(alone.bytes)
        }
        if query.isReversed {
            for row in rows.reversed() { writer.raw(utf8: row) }
            swap(&listing.first, &listing.last)
        }
        return listing
    }

    private func write(_ row: SQLRow, _ context: Context, _ writer: inout JSONWriter) {
        plan.write(row, to: &writer) { number, writer in others[number].write(row, context, &writer) }
    }
}

extension Attribute {
    fileprivate var isWhereSet: Bool {
        if case .whereSet = shown { true } else { false }
    }
}
