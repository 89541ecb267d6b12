import Model
import Store
import Wire

/// How the rows of a table are written for somebody, and the columns they are read from.
struct AttributePlan {
    /// What a plan of columns cannot write.
    private enum Other {
        case derived(Int, @Sendable (String) -> String?)
        case composed(
            Int, Int, @Sendable (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>, inout JSONWriter) -> Void)
        case lookup([String: String], otherwise: String)
        case link(String)
        case address(Int)
        case extras(Int)
    }

    private var plan = RowPlan()
    private var others: [Other] = []
    /// The id comes first.
    private(set) var columns = ["id"]
    private let viewer: Viewer

    init<Draft>(
        _ attributes: [Attribute<Draft>], extras: String?, lookups: [String: [String: String]],
        _ timeStyle: Timestamp.Style, _ viewer: Viewer
    ) {
        self.viewer = viewer
        for attribute in attributes { add(attribute, lookups, timeStyle) }
        if let extras {
            plan.add(whole: others.count)
            others.append(.extras(column(extras)))
        }
    }

    private mutating func column(_ sql: String) -> Int {
        if let known = columns.firstIndex(of: sql) { return known }
        columns.append(sql)
        return columns.count - 1
    }

    private mutating func add<Draft>(
        _ attribute: Attribute<Draft>, _ lookups: [String: [String: String]], _ timeStyle: Timestamp.Style
    ) {
        switch attribute.source {
        case .column(let sql):
            let place = column(sql)
            let part: RowPlan.Part =
                switch attribute.type.kind {
                case .text: .text(place)
                case .integer: .integer(place)
                case .boolean: .boolean(place)
                case .time: .time(place, timeStyle)
                case .json: .json(place)
                }
            add(attribute, part, place)
        case .constant(let text): plan.add(attribute.name, json: text)
        case .derived(let sql, let change):
            let place = column(sql)
            add(attribute, other: .derived(place, change), place)
        case .composed(let first, let second, let compose):
            add(attribute, other: .composed(column(first), column(second), compose), nil)
        case .lookup(let otherwise, _):
            add(attribute, other: .lookup(lookups[attribute.name] ?? [:], otherwise: otherwise), nil)
        case .link(let path): add(attribute, other: .link(path), nil)
        case .address(let sql):
            let place = column(sql)
            add(attribute, other: .address(place), place)
        case .nowhere: return
        }
    }

    private mutating func add<Draft>(_ attribute: Attribute<Draft>, _ part: RowPlan.Part, _ column: Int?) {
        plan.add(attribute.name, part, column.map { attribute.isWhereSet ? .whereSet($0) : .always } ?? .always)
    }

    private mutating func add<Draft>(_ attribute: Attribute<Draft>, other: Other, _ column: Int?) {
        add(attribute, .other(others.count), column)
        others.append(other)
    }

    /// Writes the rows one after the other; those of a reversed page from the last to the first.
    func run(
        _ sql: String, _ arguments: [SQLValue], _ query: ListQuery, into writer: inout JSONWriter,
        _ db: any Connection
    ) throws -> Listing {
        var listing = Listing()
        var rows: [[UInt8]] = []
        try db.forEach(sql, arguments) { row in
            listing.count += 1
            if listing.count == 1 { listing.first = row.text(0) }
            if listing.count == query.limit { listing.last = row.text(0) }
            guard query.isReversed else { return write(row, &writer) }
            var alone = JSONWriter(reserving: 1024)
            write(row, &alone)
            rows.append(alone.bytes)
        }
        if query.isReversed {
            for row in rows.reversed() { writer.raw(utf8: row) }
            swap(&listing.first, &listing.last)
        }
        return listing
    }

    private func write(_ row: SQLRow, _ writer: inout JSONWriter) {
        plan.write(row, to: &writer) { number, writer in write(others[number], row, &writer) }
    }

    private func write(_ other: Other, _ row: SQLRow, _ writer: inout JSONWriter) {
        switch other {
        case .lookup(let found, let otherwise): writer.raw(found[row.text(0)] ?? otherwise)
        case .link(let path):
            writer.object { $0.field("self", viewer.root, "/", "\(path)/\(row.text(0))") }
        case .derived(let at, _) where row.isNull(at), .address(let at) where row.isNull(at): writer.null()
        case .derived(let at, let change): writer.value(change(row.text(at)))
        case .composed(let first, let second, let compose):
            if let first = row.utf8(first), let second = row.utf8(second) {
                compose(first, second, &writer)
            } else {
                writer.null()
            }
        case .address(let at):
            let text = row.text(at)
            writer.value(text.hasPrefix("/") ? viewer.site + text : text)
        case .extras(let at): if let object = row.utf8(at) { writer.members(ofObject: object) }
        }
    }
}

extension Attribute {
    fileprivate var isWhereSet: Bool {
        if case .whereSet = shown { true } else { false }
    }
}
