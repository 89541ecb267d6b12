/// A value of a row as a store hands it out.
package enum SQLCell {
    case null
    case integer(Int64)
    /// Its bytes, valid as long as the row.
    case text(UnsafeBufferPointer<UInt8>)
}

/// One row of an answer, valid inside the closure that got it.
///
/// A plain value over memory of the store: handing it on counts no references, and reading it calls nobody.
package struct SQLRow {
    @usableFromInline let cells: UnsafePointer<SQLCell>
    private let misread: UnsafeMutablePointer<String?>

    fileprivate init(_ cells: UnsafePointer<SQLCell>, _ misread: UnsafeMutablePointer<String?>) {
        self.cells = cells
        self.misread = misread
    }

    @inlinable
    package func isNull(_ column: Int) -> Bool {
        if case .null = cells[column] { true } else { false }
    }

    /// A row that has no integer there is corrupt: the statement fails when the closure returns.
    package func integer(_ column: Int) -> Int64 {
        switch cells[column] {
        case .integer(let number): return number
        case .text(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            if let number = Int64(text) { return number }
            note("column \(column) is '\(text)', not an integer of 64 bits")
        case .null: note("column \(column) is NULL, not an integer")
        }
        return 0
    }

    /// A row that has NULL there is corrupt: the statement fails when the closure returns.
    package func text(_ column: Int) -> String {
        switch cells[column] {
        case .integer(let number): return String(number)
        case .text(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .null: note("column \(column) is NULL, not a text")
        }
        return ""
    }

    /// The bytes of a text, valid as long as the row; `nil` for NULL. A row that has an integer there is corrupt.
    @inlinable
    package func utf8(_ column: Int) -> UnsafeBufferPointer<UInt8>? {
        switch cells[column] {
        case .text(let bytes): return bytes
        case .null: return nil
        case .integer(let number):
            note("column \(column) is \(number), not a text")
            return nil
        }
    }

    @usableFromInline
    func note(_ what: String) {
        if misread.pointee == nil { misread.pointee = what }
    }
}

/// The memory of the rows of one answer: a store puts one row after the other into it.
package struct SQLRowBuffer: ~Copyable {
    package let cells: UnsafeMutablePointer<SQLCell>
    private let noted: UnsafeMutablePointer<String?>

    /// One cell more is NULL, for whoever asks for a column that was not selected.
    package init(columns: Int) {
        cells = .allocate(capacity: columns + 1)
        cells.initialize(repeating: .null, count: columns + 1)
        noted = .allocate(capacity: 1)
        noted.initialize(to: nil)
    }

    deinit {
        cells.deallocate()
        noted.deinitialize(count: 1)
        noted.deallocate()
    }

    /// The row that is in the cells.
    package var row: SQLRow { SQLRow(cells, noted) }

    /// The first column that was read as what it is not.
    package var misread: String? { noted.pointee }
}
