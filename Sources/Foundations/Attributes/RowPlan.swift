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
        case composed(Int, @Sendable (UnsafeBufferPointer<UInt8>, inout JSONWriter) -> Void)
        case constant(String)
        case lookup([String: String], otherwise: String)
        case link(String)
        case address(Int)
    }

    /// A class: going through an array of them counts one reference for each, and not one for each of their members.
    private final class Member {
        let key: [UInt8]
        let part: Part
        let onlyWhereSet: Bool

        init(_ key: [UInt8], _ part: Part, onlyWhereSet: Bool) {
            self.key = key
            self.part = part
            self.onlyWhereSet = onlyWhereSet
        }
    }

    private var members: ContiguousArray<Member> = []
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
            members.append(Member(attribute.key, part, onlyWhereSet: attribute.isWhereSet))
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

    /// Writes the rows one after the other; those of a reversed page from the last to the first.
    func run(
        _ sql: String, _ arguments: [SQLValue], isReversed: Bool, into writer: inout JSONWriter, _ db: any Connection
    ) throws -> Listing {
        var listing = Listing()
        var rows: [[UInt8]] = []
        try db.forEach(sql, arguments) { row in
            let id = row.text(0)
            if listing.count == 0 { listing.first = id }
            listing.last = id
            listing.count += 1
            guard isReversed else { return write(row, id, &writer) }
            var alone = JSONWriter(reserving: 1024)
            write(row, id, &alone)
            rows.append(alone.bytes)
        }
        if isReversed {
            for row in rows.reversed() { writer.raw(utf8: row) }
            swap(&listing.first, &listing.last)
        }
        return listing
    }

    private func write(_ row: any SQLRow, _ id: String, _ writer: inout JSONWriter) {
        writer.object { writer in
            for member in members {
                if member.onlyWhereSet, isNull(member.part, row) { continue }
                writer.key(quoted: member.key)
                write(member.part, row, id, &writer)
            }
            if let extras {
                row.withUTF8(extras) { if let object = $0 { writer.members(ofObject: object) } }
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
        case .text(let at):
            row.withUTF8(at) { if let text = $0 { writer.value(utf8: text) } else { writer.null() } }
        case .json(let at): row.withUTF8(at) { if let json = $0 { writer.raw(utf8: json) } else { writer.null() } }
        case _ where isNull(part, row): writer.null()
        case .integer(let at): writer.value(Int(row.integer(at)))
        case .boolean(let at): writer.value(row.integer(at) != 0)
        case .time(let at): writer.value(Timestamp(microseconds: row.integer(at)), timeStyle)
        case .derived(let at, let change): writer.value(change(row.text(at)))
        case .composed(let at, let change):
            row.withUTF8(at) { if let text = $0 { change(text, &writer) } else { writer.null() } }
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
