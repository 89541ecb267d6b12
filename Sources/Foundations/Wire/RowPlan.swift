package import Model

/// The members of an object that is written of each row: flat steps, so that a row counts no references.
package struct RowPlan: Sendable {
    /// How the value of a member is written, by the columns' places in the row.
    package enum Part: Sendable {
        case text(Int)
        /// `""` for NULL.
        case textOrEmpty(Int)
        case integer(Int)
        case boolean(Int)
        case time(Int, Timestamp.Style)
        /// Text that is JSON.
        case json(Int)
        /// By whoever runs the plan, who knows it by this number.
        case other(Int)
    }

    /// What a value is pasted of.
    package enum Piece: Sendable {
        /// JSON, as it is.
        case literal(String)
        /// Text inside quotes.
        case text(String)
        /// The text of a column, inside quotes.
        case column(Int)
        /// The JSON of a column.
        case json(Int)
    }

    /// Which rows have a member.
    package enum Presence: Sendable {
        case always
        case whereSet(Int)
        case whereNull(Int)

        fileprivate func holds(_ row: SQLRow) -> Bool {
            switch self {
            case .always: true
            case .whereSet(let column): !row.isNull(column)
            case .whereNull(let column): row.isNull(column)
            }
        }
    }

    private enum Action {
        case member(Part)
        /// A member of which the literal is all, or the beginning.
        case literal
        /// What follows such a beginning.
        case moreLiteral
        case moreText(Int)
        case moreJSON(Int)
        /// Members, or none, that the other writes with their names.
        case whole(Int)
    }

    private struct Step {
        /// In `literals`.
        let literal: Range<Int>
        let action: Action
        let presence: Presence
    }

    private var literals: [UInt8] = []
    private var steps: ContiguousArray<Step> = []

    package init() {}

    package mutating func add(_ name: String, _ part: Part, _ presence: Presence = .always) {
        add("\"\(name)\":", .member(part), presence)
    }

    /// A member with the same JSON for every row.
    package mutating func add(_ name: String, json: String, _ presence: Presence = .always) {
        add("\"\(name)\":\(json)", .literal, presence)
    }

    /// A member whose value is these pieces, one after the other.
    package mutating func add(_ name: String, pasting pieces: [Piece], _ presence: Presence = .always) {
        var literal = "\"\(name)\":"
        var action = Action.literal
        for piece in pieces {
            switch piece {
            case .literal(let json): literal += json
            case .text(let text): literal += JSONValue.string(text).jsonText.dropFirst().dropLast()
            case .column(let column):
                add(literal, action, presence)
                add("", .moreText(column), presence)
                (literal, action) = ("", .moreLiteral)
            case .json(let column):
                add(literal, action, presence)
                add("", .moreJSON(column), presence)
                (literal, action) = ("", .moreLiteral)
            }
        }
        if !literal.isEmpty { add(literal, action, presence) }
    }

    /// Members, or none, that `other` writes with their names.
    package mutating func add(whole number: Int) {
        add("", .whole(number), .always)
    }

    private mutating func add(_ literal: String, _ action: Action, _ presence: Presence) {
        let start = literals.count
        literals += literal.utf8
        steps.append(Step(literal: start..<literals.count, action: action, presence: presence))
    }

    /// Writes the object; `other` writes what the plan cannot.
    package func write(_ row: SQLRow, to writer: inout JSONWriter, other: (Int, inout JSONWriter) -> Void) {
        writer.object { writer in
            literals.withUnsafeBufferPointer { literals in
                for step in steps where step.presence.holds(row) {
                    let literal = UnsafeBufferPointer(rebasing: literals[step.literal])
                    switch step.action {
                    case .member(let part):
                        writer.key(quoted: literal)
                        Self.write(part, row, &writer, other)
                    case .literal: writer.raw(utf8: literal)
                    case .moreLiteral: writer.more(utf8: literal)
                    case .moreText(let column): if let text = row.utf8(column) { writer.more(text: text) }
                    case .moreJSON(let column):
                        if let json = row.utf8(column) { writer.more(utf8: json) } else { writer.moreNull() }
                    case .whole(let number): other(number, &writer)
                    }
                }
            }
        }
    }

    private static func write(
        _ part: Part, _ row: SQLRow, _ writer: inout JSONWriter, _ other: (Int, inout JSONWriter) -> Void
    ) {
        switch part {
        case .text(let at): if let text = row.utf8(at) { writer.value(utf8: text) } else { writer.null() }
        case .textOrEmpty(let at): if let text = row.utf8(at) { writer.value(utf8: text) } else { writer.value("") }
        case .json(let at): if let json = row.utf8(at) { writer.raw(utf8: json) } else { writer.null() }
        case .other(let number): other(number, &writer)
        case .integer(let at), .boolean(let at), .time(let at, _):
            if row.isNull(at) { return writer.null() }
            let number = row.integer(at)
            switch part {
            case .boolean: writer.value(number != 0)
            case .time(_, let style): writer.value(Timestamp(microseconds: number), style)
            default: writer.value(Int(number))
            }
        }
    }
}
