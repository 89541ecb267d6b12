import Model
import Store
import Wire

/// How a row is written: one part for each attribute that is shown, and the columns they are read from.
struct RowPlan {
    private enum Part {
        case text(Int)
        case integer(Int)
        case boolean(Int)
        case time(Int)
        case json(Int)
        case derived(Int, @Sendable (String) -> String?)
        case composed(Int, @Sendable (String) -> String)
        case constant(String)
        case lookup([String: String], otherwise: String)
        case link(String)
        case address(Int)
    }

    private var parts: [(key: [UInt8], part: Part, onlyWhereSet: Bool)] = []
    /// The id comes first.
    private(set) var columns = ["id"]
    private var extras: Int?
    private let timeStyle: Timestamp.Style
    private let viewer: Viewer

    init<Draft>(
        _ attributes: [Attribute<Draft>], extras: String?, lookups: [String: [String: String]],
        _ timeStyle: Timestamp.Style, _ viewer: Viewer
    ) {
        self.timeStyle = timeStyle
        self.viewer = viewer
        for attribute in attributes {
            guard let part = part(attribute, lookups) else { continue }
            parts.append((attribute.key, part, attribute.isWhereSet))
        }
        if let extras { self.extras = column(extras) }
    }

    private mutating func column(_ sql: String) -> Int {
        if let known = columns.firstIndex(of: sql) { return known }
        columns.append(sql)
        return columns.count - 1
    }

    private mutating func part<Draft>(
        _ attribute: Attribute<Draft>, _ lookups: [String: [String: String]]
    ) -> Part? {
        switch attribute.source {
        case .column(let sql):
            let place = column(sql)
            return switch attribute.type.kind {
            case .text: .text(place)
            case .integer: .integer(place)
            case .boolean: .boolean(place)
            case .time: .time(place)
            case .json: .json(place)
            }
        case .constant(let text): return .constant(text)
        case .derived(let sql, let change): return .derived(column(sql), change)
        case .composed(let sql, let change): return .composed(column(sql), change)
        case .lookup(let otherwise, _): return .lookup(lookups[attribute.name] ?? [:], otherwise: otherwise)
        case .link(let path): return .link(path)
        case .address(let sql): return .address(column(sql))
        case .nowhere: return nil
        }
    }

    func run(_ sql: String, _ arguments: [SQLValue], isReversed: Bool, _ db: any Connection) throws -> Listing {
        var listing = Listing()
        var writer = JSONWriter(reserving: 4096)
        var rows: [[UInt8]] = []
        try db.forEach(sql, arguments) { row in
            let id = row.text(0)
            if listing.count == 0 { listing.first = id }
            listing.last = id
            listing.count += 1
            write(row, id, &writer)
            guard isReversed else { return }
            rows.append(writer.bytes)
            writer = JSONWriter(reserving: 1024)
        }
        listing.bytes = isReversed ? Array(rows.reversed().joined(separator: [UInt8(ascii: ",")])) : writer.bytes
        if isReversed { swap(&listing.first, &listing.last) }
        return listing
    }

    private func write(_ row: any SQLRow, _ id: String, _ writer: inout JSONWriter) {
        writer.object { writer in
            for (key, part, onlyWhereSet) in parts {
                if onlyWhereSet, isNull(part, row) { continue }
                writer.key(quoted: key)
                write(part, row, id, &writer)
            }
            if let extras {
                row.withUTF8(extras) { writer.members(ofObject: $0) }
            }
        }
    }

    private func isNull(_ part: Part, _ row: any SQLRow) -> Bool {
        switch part {
        case .text(let at), .integer(let at), .boolean(let at), .time(let at), .json(let at), .derived(let at, _),
            .composed(let at, _), .address(let at):
            row.isNull(at)
        case .constant, .lookup, .link: false
        }
    }

    private func write(_ part: Part, _ row: any SQLRow, _ id: String, _ writer: inout JSONWriter) {
        switch part {
        case .constant(let text): writer.raw(text)
        case .lookup(let found, let otherwise): writer.raw(found[id] ?? otherwise)
        case .link(let path):
            writer.object { $0.field("self", viewer.root, "/", "\(path)/\(id)") }
        case _ where isNull(part, row): writer.null()
        case .text(let at): row.withUTF8(at) { writer.value(utf8: $0) }
        case .json(let at): row.withUTF8(at) { writer.raw(utf8: $0) }
        case .integer(let at): writer.value(Int(row.integer(at)))
        case .boolean(let at): writer.value(row.integer(at) != 0)
        case .time(let at): writer.value(Timestamp(microseconds: row.integer(at)).iso8601(timeStyle))
        case .derived(let at, let change): writer.value(change(row.text(at)))
        case .composed(let at, let change): writer.raw(change(row.text(at)))
        case .address(let at):
            let text = row.text(at)
            writer.value(text.hasPrefix("/") ? viewer.site + text : text)
        }
    }
}

extension Attribute {
    fileprivate var isWhereSet: Bool {
        if case .whereSet = shown { true } else { false }
    }
}
