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
        /// Written by the closure that `write` gets, which is told this number.
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
    }

    private enum Action {
        case text, textOrEmpty, integer, boolean, time, json, other
        /// A member that is all literal, or begins with one.
        case literal
        /// What goes on behind such a beginning.
        case moreLiteral, moreText, moreJSON
        /// Members with their names, or none, written by the closure that `write` gets.
        case whole
    }

    /// Small and flat, because every row is written by these.
    private struct Step {
        /// In `literals`.
        var start: Int32 = 0
        var count: Int32 = 0
        var action: Action
        var style = Timestamp.Style.seconds
        /// The column of the value, or the number for the closure.
        var column: Int32 = 0
        /// The column that must be NULL, or must not, for the member to be there; negative where it always is.
        var condition: Int32 = -1
        var wantsNull = false

        init(_ action: Action, _ column: Int = 0, _ style: Timestamp.Style = .seconds) {
            self.action = action
            self.column = Int32(column)
            self.style = style
        }

        init(_ part: Part) {
            switch part {
            case .text(let column): self.init(.text, column)
            case .textOrEmpty(let column): self.init(.textOrEmpty, column)
            case .integer(let column): self.init(.integer, column)
            case .boolean(let column): self.init(.boolean, column)
            case .time(let column, let style): self.init(.time, column, style)
            case .json(let column): self.init(.json, column)
            case .other(let number): self.init(.other, number)
            }
        }
    }

    /// The texts of all steps. A block follows the last one, so that a copy by blocks may read behind it.
    private var literals = [UInt8](repeating: 0, count: ByteMemory.block)
    private var steps: ContiguousArray<Step> = []

    package init() {}

    package mutating func add(_ name: String, _ part: Part, _ presence: Presence = .always) {
        add("\"\(name)\":", Step(part), presence)
    }

    /// A member with the same JSON for every row.
    package mutating func add(_ name: String, json: String, _ presence: Presence = .always) {
        add("\"\(name)\":\(json)", Step(.literal), presence)
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
                add(literal, Step(action), presence)
                add("", Step(.moreText, column), presence)
                (literal, action) = ("", .moreLiteral)
            case .json(let column):
                add(literal, Step(action), presence)
                add("", Step(.moreJSON, column), presence)
                (literal, action) = ("", .moreLiteral)
            }
        }
        if !literal.isEmpty { add(literal, Step(action), presence) }
    }

    /// Members with their names, or none, that `other` writes.
    package mutating func add(whole number: Int) {
        add("", Step(.whole, number), .always)
    }

    private mutating func add(_ literal: String, _ step: Step, _ presence: Presence) {
        var step = step
        let start = literals.count - ByteMemory.block
        literals.insert(contentsOf: literal.utf8, at: start)
        (step.start, step.count) = (Int32(start), Int32(literal.utf8.count))
        switch presence {
        case .always: break
        case .whereSet(let column): step.condition = Int32(column)
        case .whereNull(let column): (step.condition, step.wantsNull) = (Int32(column), true)
        }
        steps.append(step)
    }

    /// Writes the object; `other` writes what the plan cannot.
    package func write(_ row: SQLRow, to writer: inout JSONWriter, other: (Int, inout JSONWriter) -> Void) {
        writer.object { writer in
            literals.withUnsafeBufferPointer { literals in
                for step in steps {
                    if step.condition >= 0, row.isNull(Int(step.condition)) != step.wantsNull { continue }
                    let literal = UnsafeBufferPointer(
                        start: literals.baseAddress.map { $0 + Int(step.start) }, count: Int(step.count))
                    Self.write(step, literal, row, &writer, other)
                }
            }
        }
    }

    @inline(__always)
    private static func write(
        _ step: Step, _ literal: UnsafeBufferPointer<UInt8>, _ row: SQLRow, _ writer: inout JSONWriter,
        _ other: (Int, inout JSONWriter) -> Void
    ) {
        let column = Int(step.column)
        switch step.action {
        case .text:
            guard let text = row.utf8(column) else { return writer.member(padded: literal) { $0.null() } }
            writer.member(padded: literal, utf8: text)
        case .textOrEmpty:
            writer.member(padded: literal, utf8: row.utf8(column) ?? UnsafeBufferPointer(start: nil, count: 0))
        case .json:
            writer.member(padded: literal) { if let json = row.utf8(column) { $0.raw(utf8: json) } else { $0.null() } }
        case .integer: number(literal, row, column, &writer) { $0.value(Int($1)) }
        case .boolean: number(literal, row, column, &writer) { $0.value($1 != 0) }
        case .time: number(literal, row, column, &writer) { $0.value(Timestamp(microseconds: $1), step.style) }
        case .other: writer.member(padded: literal) { other(column, &$0) }
        case .whole: other(column, &writer)
        case .literal: writer.raw(utf8: literal)
        case .moreLiteral: writer.more(utf8: literal)
        case .moreText: if let text = row.utf8(column) { writer.more(text: text) }
        case .moreJSON: if let json = row.utf8(column) { writer.more(utf8: json) } else { writer.moreNull() }
        }
    }

    @inline(__always)
    private static func number(
        _ key: UnsafeBufferPointer<UInt8>, _ row: SQLRow, _ column: Int, _ writer: inout JSONWriter,
        _ write: (inout JSONWriter, Int64) -> Void
    ) {
        writer.member(padded: key) { if row.isNull(column) { $0.null() } else { write(&$0, row.integer(column)) } }
    }
}
